"""Plain HTTP calls to the imitated API, so that a test sees the very bytes and statuses."""

from typing import Any

import requests

from tests.support.sandbox import Sandbox
from workers.cronofy.sandbox.control import ReadyAccount


class Api:
    """The API as one account's bearer sees it."""

    def __init__(self, sandbox: Sandbox, token: str) -> None:
        self.sandbox, self.token = sandbox, token

    def call(self, method: str, path: str, **how: Any) -> requests.Response:
        url = path if path.startswith("http") else f"{self.sandbox.origin}{path}"
        headers = {"Authorization": f"Bearer {self.token}", **how.pop("headers", {})}
        return requests.request(
            method, url, headers=headers, timeout=60, allow_redirects=False, **how
        )

    def get(self, path: str, **params: Any) -> requests.Response:
        return self.call("GET", path, params=params)

    def post(self, path: str, body: Any = None) -> requests.Response:
        return self.call("POST", path, json=body)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        return self.call("DELETE", path, json=body)

    def free_busy(self, **params: Any) -> list[dict[str, Any]]:
        return self.all_pages("free_busy", **params)

    def events(self, **params: Any) -> list[dict[str, Any]]:
        return self.all_pages("events", **params)

    def all_pages(self, kind: str, **params: Any) -> list[dict[str, Any]]:
        answer = self.get(f"/v1/{kind}", **{"tzid": "UTC", **params})
        items: list[dict[str, Any]] = []
        while True:
            assert answer.status_code == 200, answer.text
            items += answer.json()[kind]
            next_page = answer.json()["pages"].get("next_page")
            if next_page is None:
                return items
            answer = self.get(next_page)

    def upsert(self, calendar_id: str, **event: Any) -> requests.Response:
        return self.post(f"/v1/calendars/{calendar_id}/events", event)

    def open_channel(self, url: str, **filters: Any) -> str:
        answer = self.post(
            "/v1/channels", {"callback_url": url} | ({"filters": filters} if filters else {})
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["channel"]["channel_id"])

    def channels(self) -> list[str]:
        return [one["channel_id"] for one in self.get("/v1/channels").json()["channels"]]


def client_of(sandbox: Sandbox) -> dict[str, str]:
    """The ids that go into bodies of /oauth/*."""
    return {"client_id": sandbox.client_id, "client_secret": sandbox.client_secret}


def api_of(sandbox: Sandbox, account: ReadyAccount) -> Api:
    return Api(sandbox, account.access_token)
