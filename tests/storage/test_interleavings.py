"""Every order of what two workers, the web and a person may do to a connection, and to the mails of
a booking.

The bounds are small, and all of it within them is visited: a fault that needs two workers, three
pushes, two claims each, two leases that pass, a doubted read, a flush and an erasure, or fewer,
cannot hide. To see that the search can find one at all, each mend is taken out once.
"""

import pytest

from domain.mail.endings import ENDS
from storage.rows import outbox_claims, push_marks
from storage.rows.refresh_jobs import LEASE
from tests.storage.interleavings import Memory, search, searched
from tests.storage.mail_rows import Sends
from tests.storage.reads_in_any_order import ConnectionWorld
from tests.storage.sends_in_any_order import OutboxWorld

# Seconds of work, and minutes on a machine that others use.
pytestmark = pytest.mark.timeout(900)
GAP_MS = 5_000
MOVED, BY_HAND = Sends(moves=1), Sends(supersedes=1, requeues=1)


@pytest.mark.parametrize(("gap_ms", "floor"), [(0, 28_000), (GAP_MS, 12_000)])
def test_each_accepted_push_is_followed_by_a_read_that_starts_later(
    memory: Memory, gap_ms: int, floor: int
) -> None:
    found = searched(f"a connection, a gap of {gap_ms} ms", ConnectionWorld(memory, gap_ms=gap_ms))
    assert (found.broken, found.path) == (None, ())
    assert found.states >= floor


@pytest.mark.parametrize(
    ("start", "floor"), [(MOVED, 11_000), (BY_HAND, 9_000)], ids=["moved", "by hand"]
)
def test_each_row_ends_once_and_what_was_announced_is_called_off_and_nothing_else(
    memory: Memory, start: Sends, floor: int
) -> None:
    found = searched("an outbox", OutboxWorld(memory, ending="missed", start=start))
    assert (found.broken, found.path) == (None, ())
    assert found.states >= floor


@pytest.mark.parametrize("statement", ["_BY_CHANNEL", "_MARK_DIRTY"])
def test_the_search_finds_a_push_that_is_forgotten_because_a_lease_is_over(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    made = {"_BY_CHANNEL": push_marks._looking, "_MARK_DIRTY": push_marks._marking}[statement]
    monkeypatch.setattr(push_marks, statement, made(LEASE.open))
    found = search(ConnectionWorld(memory, gap_ms=0))
    assert found.broken == "1 accepted pushes are forgotten: the row is clean"
    assert found.path == ("push", "claim", "a lease passes", "push", "finish")


def test_the_search_finds_a_late_reader_whose_token_is_not_asked_for(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(LEASE), "by", lambda lease, _: lease.taken)
    found = search(ConnectionWorld(memory, gap_ms=0))
    assert found.broken is not None


@pytest.mark.parametrize("end", sorted(ENDS))
def test_the_search_finds_an_ending_of_what_was_never_announced(
    memory: Memory, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(outbox_claims, "ENDS", ENDS - {end})
    found = search(OutboxWorld(memory, ending=end))
    assert found.broken == "what was never announced is called off"


def test_the_search_finds_a_sender_that_is_forgotten_because_its_lease_is_over(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_claims, "_lapsed", outbox_claims.row.unsure)
    found = search(OutboxWorld(memory, ending="missed"))
    assert found.broken is not None
