"""What a request may be about besides a coach's own: each is made under the name of its coach."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from storage.schema import tables
from tests.domain.pictures import PIXEL
from tests.support import people
from tests.support.http_client import Desk
from tests.webhooks.request_parts import ROOM, RULES, TEXT
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


def ruled(desk: Desk, name: str) -> str:
    """A company with a mail text of its own, and rules about changes."""
    for path, body in (("mailers/{}/reminder/en", TEXT), ("change_rules/{}", RULES)):
        where = "/v1/" + path.format(f"company/{name}")
        assert desk.put(where, body).status_code == 200
    return name


def placed(desk: Desk, name: str) -> str:
    path = f"/v1/places/company/{name}"
    assert desk.put(path, {"place": ROOM}).status_code == 200
    return name


def brand(desk: Desk, name: str) -> str:
    sent = {"data": PIXEL, "content_type": PNG}
    assert desk.ask("PUT", f"/v1/brands/{name}/logo", **sent).status_code == 200
    return name


def endpoint_id(desk: Desk, name: str) -> str:
    """Where the platform wants to be told of things, for this coach."""
    body = {"url": f"https://{name}.example/webhooks", "types": ["booking.booked"]}
    answer = desk.ask("POST", "/v1/webhook_endpoints", json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json["id"])


def event_id(desk: Desk, name: str) -> str:
    mine = f"evt_{name}"
    values: dict[str, object] = {
        "id": mine,
        "topic": "coach.synced",
        "subject": name,
        "coach_id": name,
    }
    values |= {"at": people.NOW, "data": {"coach_id": name}}
    with desk.database.write() as tx:
        tx.execute(tables.events.insert().values(values))
    return mine


def feed_id(desk: Desk, name: str) -> str:
    return str(_feed(desk, name)["id"])


def feed_token(desk: Desk, name: str) -> str:
    """What the address of a calendar feed ends with."""
    return str(_feed(desk, name)["url"]).rpartition("/")[2].removesuffix(".ics")


def _feed(desk: Desk, name: str) -> Any:
    answer = desk.ask("POST", "/v1/feeds", json={"coach_id": name})
    assert answer.status_code == 201, answer.text
    return answer.json
