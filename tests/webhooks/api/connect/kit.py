"""A person's browser on the way over the consent, and what is stored of it."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage.rows import api_keys, connections
from storage.schema import tables
from tests.support import people
from tests.support.in_process import House
from tests.support.page_visitor import fields
from webhooks.app import create_app
from workers.cronofy.sandbox.control import ReadyAccount

TOKENS, REVOKES = "POST /oauth/token", "POST /oauth/token/revoke"


def browser(house: House) -> FlaskClient:
    return create_app(house.runtime).test_client()


def invited(house: House, coach_id: str = "ada", **body: str) -> str:
    """The path of the link that Coach OS gets."""
    answer = asked(house, coach_id, **body)
    assert answer.status_code == 200, answer.text
    told: Any = answer.json
    assert told["expires_in"] == 600
    assert told["authorize_url"].startswith(f"{house.runtime.settings.base_url}/c/")
    return urlsplit(str(told["authorize_url"])).path


def asked(house: House, coach_id: str = "ada", **body: str) -> TestResponse:
    """What Coach OS is answered that asks for a link."""
    with house.runtime.services.database.write() as tx:
        key = api_keys.create_key(
            tx, f"for {coach_id} {len(api_keys.list_keys(tx))}", ("coaches:write",), now=people.NOW
        )
    headers = {"Authorization": f"Bearer {key}"}
    return browser(house).post(f"/v1/coaches/{coach_id}/connect", json=body, headers=headers)


def begin(house: House, client: FlaskClient, coach_id: str = "ada", **body: str) -> str:
    """A browser follows a link and goes on to the consent: the consent's URL."""
    path = invited(house, coach_id, **body)
    return leads_on(client.post(path, data=fields(client.get(path))))


def leads_on(page: TestResponse) -> str:
    found = re.search(r'href="(http[^"]+/oauth/[^"]+)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def come_back(client: FlaskClient, callback: str) -> TestResponse:
    """The browser follows Cronofy's redirect."""
    parts = urlsplit(callback)
    return client.get(f"{parts.path}?{parts.query}")


def answer(client: FlaskClient, page: TestResponse, said: str = "yes", **more: Any) -> TestResponse:
    """The question that the page asks is answered."""
    return client.post(
        "/connect/confirm", data=fields(page) | {"answer": said}, follow_redirects=True, **more
    )


def consented(
    house: House, client: FlaskClient, seat: ReadyAccount, coach_id: str = "ada", **how: Any
) -> str:
    """The callback's URL, which no browser has followed yet."""
    return house.control.consent(begin(house, client, coach_id), profile=seat.profiles[0], **how)


def connected(house: House, coach_id: str = "ada") -> list[str]:
    with house.runtime.services.database.read() as tx:
        return connections.ids_of_coach(tx, coach_id)


def heading(page: TestResponse) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page.text)
    assert found, page.text
    return html.unescape(found[1])


def everything(house: House) -> str:
    with house.runtime.services.database.read() as tx:
        return repr([tx.execute(table.select()).all() for table in tables.metadata.sorted_tables])


EXPIRED = (400, "This link has been used or is too old")


def read(page: TestResponse) -> tuple[int, str]:
    return page.status_code, heading(page)
