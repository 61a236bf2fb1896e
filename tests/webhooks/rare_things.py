"""What a request may be about besides a coach's own: each is made under the name of its coach."""

from urllib.parse import parse_qs, urlsplit

from storage.schema import tables
from tests.domain.pictures import PIXEL
from tests.support import people
from tests.support.http_client import Desk
from tests.webhooks.request_parts import ROOM, TEXT
from webhooks.api.brands import PNG


def withheld(desk: Desk, name: str) -> str:
    mine, address = f"wad_{name}", f"{name}@gone.test"
    values = {"id": mine, "address": address, "reason": "550", "since": people.NOW}
    with desk.database.write() as tx:
        tx.execute(tables.withheld_addresses.insert().values(values))
    return mine


def badge(desk: Desk, name: str) -> str:
    """The signature in the address of the coach's badge."""
    [tile] = desk.get(f"/v1/coaches?ids={name}", "coaches:read").json["coaches"]
    [signature] = parse_qs(urlsplit(tile["badge_url"]).query)["sig"]
    return str(signature)


def mail_text(desk: Desk, name: str) -> str:
    path = f"/v1/mailers/company/{name}/reminder/en"
    assert desk.put(path, TEXT).status_code == 200
    return name


def placed(desk: Desk, name: str) -> str:
    path = f"/v1/places/company/{name}"
    assert desk.put(path, {"place": ROOM}).status_code == 200
    return name


def brand(desk: Desk, name: str) -> str:
    sent = {"data": PIXEL, "content_type": PNG}
    assert desk.ask("PUT", f"/v1/brands/{name}/logo", **sent).status_code == 200
    return name
