"""The typed client speaks to a running server."""

import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from coachcal_client import ApiError, BadSignature, Client, NotReached, verify
from coachcal_client.models import BookingIn, CoachIn
from standardwebhooks import Webhook

from domain.event_versions import NEWEST
from tests.docs import client as generator
from tests.support import people
from tests.support.http_client import Desk

README = generator.ROOT / "deploy" / "client" / "README.md"
SECRET = "whsec_Y29hY2hjYWwgdGVzdHMgc2lnbiB3aXRoIHRoaXMga2V5"
OTHER = "whsec_YSBzZWNyZXQgdGhhdCBub2JvZHkgaGFzIGV2ZXIgdXNlZA=="
NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
COACH: CoachIn = {"zone": "Europe/London", "hours": people.OFFICE, "durations": [60]}
BOOKING: BookingIn = {
    "coach_id": "ada",
    "start": "2026-06-02T10:00:00Z",
    "duration": 60,
    "participant": {
        "id": "grace",
        "name": "Grace",
        "email": "grace@example.test",
        "zone": "Europe/Paris",
    },
}


def test_the_client_is_as_the_document_says() -> None:
    for path, source in generator.written().items():
        assert path.read_text(encoding="utf-8") == source, f"./run docs writes {path.name} anew"


def open_starts(client: Client) -> list[str]:
    return client.slots_show("ada", from_="2026-06-01", to="2026-06-08", duration=60)["starts"]


def test_a_coach_is_made_booked_and_read_with_it(client: Client) -> None:
    made = client.coaches_put("grace", COACH)
    assert (made["id"], made["version"]) == ("grace", 1)
    assert BOOKING["start"] in open_starts(client)
    booked = client.bookings_create(BOOKING)
    assert client.bookings_show(booked["id"])["status"] == "booked"
    assert BOOKING["start"] not in open_starts(client)
    assert client.bookings_cancel(booked["id"], {})["status"] == "cancelled"


def test_the_example_of_its_readme_books(desk: Desk, origin: str) -> None:
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)
    here = {"https://coachcal.example.com": origin, "cck_...": desk.key()}
    here |= {"2026-12-01": "2026-06-01", "2026-12-08": "2026-06-08"}
    for theirs, ours in here.items():
        assert theirs in example
        example = example.replace(theirs, ours)
    names: dict[str, Any] = {}
    exec(example, names)
    assert names["booked"]["start"] == names["listed"]["starts"][0]


def test_the_same_key_books_once(client: Client) -> None:
    first = client.bookings_create(BOOKING, idempotency_key="order-4711")
    assert client.bookings_create(BOOKING, idempotency_key="order-4711") == first


def test_a_refusal_says_its_code_field_and_next_step(client: Client) -> None:
    with pytest.raises(ApiError) as caught:
        client.coaches_put("grace", {**COACH, "zone": "Mars/Olympus"})
    error = caught.value
    assert (error.status, error.code, error.field) == (422, "unknown_zone", "zone")
    assert error.detail
    assert error.request_id
    with pytest.raises(ApiError, match="404 unknown_coach"):
        client.coaches_show("no+body")


def test_a_wrong_key_is_told(origin: str) -> None:
    with pytest.raises(ApiError, match="401 key_unknown"):
        Client(origin, "cck_0_x").coaches_show("ada")


def test_files_go_and_come_as_bytes(client: Client) -> None:
    assert client.exports_template_csv().splitlines()
    with pytest.raises(ApiError, match="422 file_refused"):
        client.imports_load(b"Programme\n", content_type="text/csv", dry_run=True)


class Ailing(BaseHTTPRequestHandler):
    """A server that answers what it is told, one after the other, and keeps what it was sent."""

    orders: list[tuple[int, dict[str, str]] | None]
    seen: list[dict[str, Any]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.seen.append({"path": self.path, **self.headers})
        order = self.orders.pop(0) if self.orders else (200, {})
        if order is None:
            self.close_connection = True
            return
        status, headers = order
        headers = dict(headers)
        body = headers.pop("body", '{"id": "bkg_1", "code": "busy"}').encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self.do_POST()

    def do_PUT(self) -> None:
        self.do_POST()

    def do_DELETE(self) -> None:
        self.do_POST()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def ailing() -> Iterator[tuple[type[Ailing], str]]:
    class Mine(Ailing):
        pass

    Mine.orders, Mine.seen = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Mine) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Mine, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_write_is_repeated_with_its_key_until_it_is_answered(
    ailing: tuple[type[Ailing], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server, origin = ailing
    server.orders[:] = [None, (503, {}), (429, {"retry-after": "7"})]
    assert Client(origin, "cck").bookings_create(BOOKING)["id"] == "bkg_1"
    assert len({one["Idempotency-Key"] for one in server.seen}) == 1
    assert len(server.seen) == 4
    assert waits[-1] == 7


def test_what_could_be_done_twice_is_not_repeated(ailing: tuple[type[Ailing], str]) -> None:
    server, origin = ailing
    for order, error in ((None, NotReached), ((503, {}), ApiError)):
        server.orders[:] = [order]
        with pytest.raises(error):
            Client(origin, "cck").links_create({"purpose": "settings", "coach_id": "ada"})
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("body", "if_match"),
    [({"version": 3}, None), ({"coaches": [{"id": "ada", "version": 3}]}, None), ({}, '"3"')],
)
def test_a_change_from_a_version_is_not_repeated(
    ailing: tuple[type[Ailing], str], body: dict[str, Any], if_match: str | None
) -> None:
    # Given that its answer is lost: repeated, it would be refused as somebody else's change
    server, origin = ailing
    server.orders[:] = [None]
    with pytest.raises(NotReached):
        Client(origin, "cck").call("PUT", "/v1/x", body=body, headers={"If-Match": if_match})
    assert len(server.seen) == 1


def test_what_is_set_whatever_was_there_is_repeated(
    ailing: tuple[type[Ailing], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server, origin = ailing
    server.orders[:] = [None]
    assert Client(origin, "cck").coaches_put("ada", {**COACH, "version": None})
    assert len(server.seen) == 2


def test_what_is_gone_after_a_lost_answer_was_deleted(
    ailing: tuple[type[Ailing], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    server, origin = ailing
    client = Client(origin, "cck")
    lost: list[Any] = [None, (502, {})]
    for first in lost:
        server.orders[:] = [first, (404, {})]
        assert client.connections_disconnect("ada", "con_1") == {"status": "accepted"}
    # What was never there is told, though an earlier try was sent away
    for before in (0, 1):
        server.orders[:] = [*[(429, {})] * before, (404, {})]
        with pytest.raises(ApiError, match="404"):
            client.feeds_revoke("fee_1")
    # With a key the first try's answer comes again
    server.orders[:] = [None, (404, {})]
    with pytest.raises(ApiError, match="404"):
        client.holds_release("hld_1")


def test_whatever_comes_instead_of_an_answer_is_an_error_of_ours(
    ailing: tuple[type[Ailing], str],
) -> None:
    server, origin = ailing
    client = Client(origin, "cck", patience=0)
    page = {"body": "<html>Log in</html>"}
    cut = {"Content-Length": "1000"}
    for order, error in (
        ((200, page), NotReached),
        ((500, page), ApiError),
        ((200, cut), NotReached),
        ((500, cut), NotReached),
    ):
        server.orders[:] = [order]
        with pytest.raises(error):
            client.coaches_show("ada")


def test_it_asks_for_the_form_that_its_models_are(ailing: tuple[type[Ailing], str]) -> None:
    server, origin = ailing
    Client(origin, "cck").pods_show("pod_1")
    assert [one["Coachcal-Version"] for one in server.seen] == [NEWEST]


@pytest.mark.parametrize(("status", "seconds"), [(503, 5), (429, 45)])
def test_patience_ends(ailing: tuple[type[Ailing], str], status: int, seconds: int) -> None:
    server, origin = ailing
    server.orders[:] = [(status, {"Retry-After": str(seconds)})]
    with pytest.raises(ApiError) as caught:
        Client(origin, "cck", patience=seconds - 4).coaches_show("ada")
    assert (caught.value.retry_after, len(server.seen)) == (seconds, 1)


def test_no_redirect_takes_the_key_elsewhere(ailing: tuple[type[Ailing], str]) -> None:
    server, origin = ailing
    server.orders[:] = [(302, {"Location": f"{origin}/elsewhere"})]
    with pytest.raises(ApiError) as caught:
        Client(origin, "cck").coaches_show("ada")
    assert caught.value.status == 302
    assert [one["path"] for one in server.seen] == ["/v1/coaches/ada"]


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    return {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(NOW.timestamp())),
        "Webhook-Signature": Webhook(secret).sign("msg_1", NOW, body.decode()),
    }


def test_a_callback_is_verified_by_any_secret_that_is_held() -> None:
    body = b'{"type":"booking.created"}'
    now = NOW.timestamp()
    for held in (SECRET, [OTHER, SECRET]):
        assert verify(held, signed(body), body, now=now) == {"type": "booking.created"}


@pytest.mark.parametrize(
    "change",
    [
        {"Webhook-Signature": "v1,AAAA"},
        {"Webhook-Signature": "v1,not base64 é"},
        {"Webhook-Signature": ""},
        {"Webhook-Timestamp": ""},
        {"Webhook-Timestamp": "9" * 400},
        {"Webhook-Id": "msg_2"},
    ],
)
def test_a_callback_of_somebody_else_is_refused(change: dict[str, str]) -> None:
    body = b'{"type":"booking.created"}'
    with pytest.raises(BadSignature):
        verify(SECRET, signed(body) | change, body, now=NOW.timestamp())


def test_an_old_callback_and_another_body_are_refused() -> None:
    body = b'{"type":"booking.created"}'
    for late, sent in ((301, body), (-301, body), (0, b"{}")):
        with pytest.raises(BadSignature):
            verify(SECRET, signed(body), sent, now=NOW.timestamp() + late)
    with pytest.raises(BadSignature):
        verify(OTHER, signed(body), body, now=NOW.timestamp())
