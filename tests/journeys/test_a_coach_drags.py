"""From the coach's hand to the participant's mailbox: a session is dragged in a calendar, its coach
is asked by mail, agrees on the page behind the link, and everybody has the new time.
"""

import re
from urllib.parse import urlsplit

import pytest

from storage.schema import tables
from tests.support import people, touched_events, written_sessions
from tests.support.in_process import House
from tests.support.memory_mailer import MemoryMailer, SentMessage
from tests.support.page_visitor import fields, follow
from tests.support.people import at
from tests.support.touched_events import read, why_closed
from tests.support.written_sessions import HOUR, TEN, Diary
from webhooks.app import create_app
from workers.delivery import outbox
from workers.jobs import calendar_mails

ONE = at(2, 13)
LINK = re.compile(r"https?://\S+/p/[\w-]+")


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)


def post(house: House) -> list[SentMessage]:
    """The mails that leave now, with what the clock owes first."""
    services = house.runtime.services
    assert isinstance(services.mailer, MemoryMailer)
    before = len(services.mailer.sent)
    calendar_mails.owe(services, house.runtime.actors)
    with services.database.read() as tx:
        rows = tx.execute(tables.outbox.select()).all()
    for row in rows:
        if row.kind == "mail" and row.state == "pending" and row.due_at <= services.now():
            outbox.deliver(services, row.id)
    return services.mailer.sent[before:]


def subjects(mails: list[SentMessage]) -> dict[str, str]:
    return {mail.recipients[0]: str(mail.parsed["Subject"]) for mail in mails}


@pytest.mark.parametrize(("to", "ends_at"), [("calendar", ONE), ("session", TEN)])
def test_the_coach_is_asked_and_what_they_say_is_done(ada: Diary, to: str, ends_at: int) -> None:
    house = ada.house
    session = ada.book(TEN, people.GRACE).session
    ada.write()
    read(ada)
    post(house)
    # When the coach drags it, they alone are told, and nothing has moved
    touched_events.drag(ada, session, ONE)
    read(ada)
    [asked] = post(house)
    assert asked.recipients == (people.MAILED.email,)
    assert ada.session(session) == session
    assert (why_closed(ada, TEN), why_closed(ada, ONE)) == ("session", "unsettled")
    # And they follow the link, and say which of the two counts
    body = asked.parsed.get_body(("plain",))
    assert body is not None
    found = LINK.search(str(body.get_content()))
    assert found is not None
    browser = create_app(house.runtime).test_client()
    opened = follow(browser, urlsplit(found[0]).path)
    page = browser.get(opened.location, buffered=True)
    place = f"{opened.location}/{session.id}"
    assert browser.post(place, data=fields(page) | {"to": to}).status_code == 303
    # Then calendar, session and slots agree, and who has a new time knows it
    told = subjects(post(house))
    ada.write()
    read(ada)
    assert ada.events() == [(ada.calendar, ends_at, ends_at + HOUR)]
    assert ada.session(session).starts == ends_at
    assert touched_events.found(ada) == []
    assert (why_closed(ada, TEN) is None) == (ends_at == ONE)
    assert (why_closed(ada, ONE) is None) == (ends_at == TEN)
    moved = {people.GRACE.email, str(people.MAILED.email)}
    assert set(told) == (moved if ends_at == ONE else set())
    assert post(house) == []
