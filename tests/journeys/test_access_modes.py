"""Each access mode from the consent to the session: what is listed, what is written, what the coach
is told.
"""

from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from domain.coaches import Kind, Policy
from domain.sessions import Session
from storage.schema import tables
from storage.transactions import callbacks
from tests.support import people
from tests.support.in_process import House, built
from tests.support.memory_mailer import MemoryMailer
from tests.support.people import at
from tests.support.written_sessions import HOUR, Diary
from workers.delivery import outbox

TEN, TWO = at(2, 10), at(2, 14)
PLEASE = "Please accept it, so that it stands there."


@pytest.fixture
def house(database_url: str, redis_url: str) -> Iterator[House]:
    """Coaches are let choose what they give."""
    with built(database_url, redis_url, cronofy_scope="free_busy_write") as house:
        yield house


def consented(house: House, provider: str, policy: Kind) -> Diary:
    """Ada at the consent page, where she gives so much; with an event of hers on Tuesday at ten."""
    ada = people.coach(policy=Policy(policy, 24), name="Ada", email="ada@example.test")
    house.introduce(ada)
    account = house.connect(provider=provider)
    house.control.add_event(
        account.calendar, "2026-06-02T10:00:00Z", "2026-06-02T11:00:00Z", summary="Dentist"
    )
    house.refresh(account.connection_id)
    return Diary(house, account)


def told(ada: Diary) -> set[str]:
    """What the platform is told of, but for slots."""
    services = ada.services
    with services.database.write() as tx:
        callbacks.announce(tx, now=services.now(), stale_after=services.stale_after())
        topics = set(tx.scalars(tables.outbox.select().with_only_columns(tables.outbox.c.topic)))
    return {topic for topic in topics if topic.startswith(("calendar.", "coach."))}


def mails(ada: Diary) -> list[EmailMessage]:
    """All to the coach, once what is owed has left."""
    row = tables.outbox.c
    mine = row.kind == "mail", row.recipient == "ada@example.test", row.topic != "reminder"
    with ada.services.database.read() as tx:
        owed = tx.execute(tables.outbox.select().where(*mine).order_by(row.version)).all()
    for each in owed:
        outbox.deliver(ada.services, each.id)
    mailer = ada.services.mailer
    assert isinstance(mailer, MemoryMailer)
    return [sent.parsed for sent in mailer.sent if sent.recipients == ("ada@example.test",)]


def agrees(ada: Diary, session: Session) -> None:
    """What stands in the calendar is the session, and the slots know."""
    now = ada.session(session)
    assert ada.events() == [(ada.calendar, now.starts, now.ends)]
    assert now.starts not in ada.house.listing().slots.open_starts(60)


@pytest.mark.parametrize(
    ("provider", "policy", "state", "busy", "news", "asks"),
    [
        ("google", "hide", "fresh", True, {"coach.synced"}, False),
        ("google_free_busy", "hide", "fresh", True, {"coach.synced"}, True),
        ("ms_graph_free_busy", "hide", "fresh", True, {"coach.synced"}, True),
        ("cronofy", "hours_only", "no_access", False, {"calendar.disconnected"}, True),
    ],
)
def test_a_session_of_each_mode(
    house: House, provider: str, policy: Kind, state: str, busy: bool, news: set[str], asks: bool
) -> None:
    # Given a coach who gave so much, and the platform's word of it
    ada = consented(house, provider, policy)
    listing = house.listing()
    assert listing.state == state
    assert told(ada) == news | {"calendar.connected"}
    # Then a time under their event is open only if nobody may read of it
    assert (TEN in listing.slots.open_starts(60)) is not busy
    # When a session is booked and moved
    done = ada.book(TWO)
    assert (ada.write(), len(mails(ada))) == (["sent"], 1)
    ada.rebook(done, TWO + HOUR)
    assert ada.write() == ["sent", "sent"]
    # Then it stands at Cronofy, and is not owed any more, whatever the coach says to it
    agrees(ada, done.session)
    if asks:
        (event,) = ada.details()
        assert event["invitation"] == "needs_action"
        house.control.reply(event["event_uid"], "accepted")
    ada.look()
    assert ada.write() == ["sent", "sent"]
    agrees(ada, done.session)
    assert house.listing().state == state
    # And each mail says what to do, and brings no second invitation
    sent = mails(ada)
    assert len(sent) == 2
    for mail in sent:
        kinds = [part.get_content_type() for part in mail.walk()]
        assert "text/calendar" not in kinds
        text = mail.get_body(("plain",))
        assert text is not None
        assert (PLEASE in text.get_content()) is asks
    # And it is taken away when it is cancelled
    ada.cancel(done)
    assert ada.write()[-1] == "sent"
    assert ada.events() == []


def test_a_hidden_coach_gives_access_and_is_shown(house: House) -> None:
    # Given a coach of whom nobody may read anything, and who is therefore not shown
    ada = consented(house, "cronofy", "last_known")
    assert (house.listing().effect, house.listing().as_of) == ("hide", None)
    # When the account is disconnected, and connected with the right to read
    house.mark_for_erasure(ada.account.connection_id)
    house.refresh(ada.account.connection_id)
    again = house.connect(provider="google_free_busy")
    house.refresh(again.connection_id)
    # Then times are listed
    assert (house.listing().state, house.listing().effect) == ("fresh", "list")


def test_of_two_accounts_the_one_that_may_not_be_read_decides(house: House) -> None:
    ada = consented(house, "google", "last_known")
    assert house.listing().state == "fresh"
    other = house.connect(provider="cronofy")
    house.refresh(other.connection_id)
    assert (house.listing().state, house.listing().effect) == ("no_access", "hide")
    # Sessions go on being written into the other
    ada.book(TWO, force="by telephone")
    assert ada.write() == ["sent"]
    assert ada.events() == [(ada.calendar, TWO, TWO + HOUR)]
    house.mark_for_erasure(other.connection_id)
    house.refresh(other.connection_id)
    assert house.listing().state == "fresh"
