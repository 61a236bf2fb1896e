"""What the customer's help pages promise, tried as a coach, a participant and the platform see it:
the whole product in one process, beside a sandbox Cronofy on a real socket.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from storage.rows import outbox as outbox_rows
from storage.schema import tables
from tests.support import in_process, people, settings_page
from tests.support.booking_requests import post
from tests.support.http_client import Desk
from tests.support.in_process import Connected, House
from tests.support.memory_mailer import MemoryMailer, SentMessage
from tests.support.page_visitor import fields
from webhooks.app import create_app
from workers.delivery import outbox

CONSENT = re.compile(r'<a class="button main" href="([^"]+)"')


@dataclass
class Customer:
    """Ada the coach, whoever books with her, and Coach OS, which asks for them."""

    house: House
    desk: Desk

    def enter_settings(self) -> str:
        """Ada follows a link to her settings. Answers the CSRF token of the page's forms."""
        return settings_page.enter(self.desk)

    def page(self, path: str = "/settings") -> str:
        return str(self.desk.client.get(path).text)

    def consents(self, csrf: str, provider: str, **account: Any) -> Connected:
        """Ada adds an account of this provider at her page, and agrees at Cronofy. It is read."""
        seat = self.house.control.create_account(f"ada at {provider}", provider=provider, **account)
        asked = self.desk.client.post(
            "/settings/connect", data={"csrf": csrf, "provider": provider}
        ).text
        found = CONSENT.search(asked)
        assert found is not None
        back = self.house.control.consent(
            found[1].replace("&amp;", "&"), profile=seat.profiles[0], decision="allow"
        )
        answer = self.desk.client.get("/connect/callback?" + back.partition("?")[2])
        sent = fields(answer) | {"answer": "yes"}
        done = self.desk.client.get(self.desk.client.post("/connect/confirm", data=sent).location)
        assert done.location == "/settings?said=connected"
        (mine,) = self.connections(of=seat.profiles[0])
        self.house.refresh(mine)
        return Connected(mine, seat)

    def connections(self, *, of: str) -> list[str]:
        """The ids of the connections with this profile."""
        found = []
        for connection in self.coach()["connections"]:
            if of in [profile["id"] for profile in connection["profiles"]]:
                found.append(connection["id"])
        if found:
            return found
        # Before its first read nobody knows its profiles.
        return [
            connection["id"]
            for connection in self.coach()["connections"]
            if not connection["profiles"]
        ]

    def coach(self) -> Any:
        return self.desk.get("/v1/coaches/ada").json

    def starts(self, duration: int = 60, day: str = "2026-06-02") -> list[str]:
        """The open starts of a day in UTC, as HH:MM."""
        until = (datetime.fromisoformat(day) + timedelta(days=1)).date()
        query = f"from={day}&to={until}&duration={duration}&tz=UTC"
        found = self.desk.get(f"/v1/coaches/ada/slots?{query}").json["starts"]
        return [each[11:16] for each in found]

    def busy(self, account: Connected, since: str, until: str, **event: Any) -> str:
        """Something comes into the calendar, and is read. Answers its uid."""
        uid = self.house.control.add_event(account.calendar, moment(since), moment(until), **event)
        self.look(account)
        return uid

    def look(self, account: Connected) -> None:
        """What a push leads to: the account is read."""
        self.house.mark_dirty_with_userinfo(account.connection_id)
        self.house.set_row(account.connection_id, next_attempt_at_ms=0)
        self.house.refresh(account.connection_id)

    def book(self, start: str = "2026-06-02T10:00:00Z", who: Any = None, **more: Any) -> Any:
        body = {"coach_id": "ada", "start": start, "duration": 60, "participant": who or GRACE}
        answer = post(self.desk, "/v1/bookings", body | more)
        assert answer.status_code == 201, answer.text
        return answer.json

    def post(self, path: str, body: Any) -> Any:
        answer = post(self.desk, path, body)
        assert answer.status_code in (200, 201, 202), answer.text
        return answer.json

    def deliver(self, *, after: timedelta = timedelta(0)) -> None:
        """Send every mail that is due by then, each in its turn."""
        services = self.house.runtime.services
        for _ in range(5):
            with services.database.write() as tx:
                tx.execute(tables.outbox.update().values(next_attempt_at_ms=0, wake_after_ms=0))
                due = outbox_rows.sweep(tx, now=services.now() + after)
            for outbox_id, kind in due:
                if kind == "mail":
                    outbox.deliver(services, outbox_id)

    def mails(self) -> list[SentMessage]:
        self.deliver()
        mailer = self.house.runtime.services.mailer
        assert isinstance(mailer, MemoryMailer)
        return mailer.sent

    def mails_to(self, address: str) -> list[SentMessage]:
        return [each for each in self.mails() if each.recipients == (address,)]


GRACE = {
    "id": "grace",
    "name": "Grace Hopper",
    "email": "grace@example.test",
    "zone": "Europe/London",
    "language": "en",
    "my_page_url": "https://os.test/me",
}


def moment(text: str) -> datetime:
    """2026-06-02T10:00 in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@contextmanager
def later(customer: Customer, now: datetime) -> Iterator[Desk]:
    """What Coach OS asks then, with the keys that it has."""
    settings = customer.house.runtime.settings
    with in_process.built(settings.database_url, settings.redis_url, now=now) as house:
        client = create_app(house.runtime).test_client()
        yield Desk(house.runtime, client, customer.desk.keys)


@contextmanager
def moved_in(database_url: str, redis_url: str, **settings: Any) -> Iterator[Customer]:
    """Ada is known to the platform, and has not connected anything."""
    with in_process.built(database_url, redis_url, mailer="console", **settings) as house:
        house.introduce(people.MAILED)
        client = create_app(house.runtime).test_client()
        yield Customer(house, Desk(house.runtime, client))
