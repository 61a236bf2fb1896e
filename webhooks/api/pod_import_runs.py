"""A real run of an import: one answer for one Idempotency-Key, in transactions so short that no
booking waits long.

First all rows are tried, with nobody locked; if one is red, that is the answer. Otherwise the plan
is kept under the key, and its parts are made one after the other, each with its outcomes under a
key of its own. Whoever repeats the request goes on where it stopped, be it while it still runs:
what a part came to is written with it, once.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial

from flask import Response

from domain.sessions import Terms
from storage.rows import idempotency
from storage.rows.idempotency import BEGUN, KeyReused, StoredAnswer
from storage.rows.outbox_claims import Wake
from storage.schema import doorways
from storage.schema.database import Tx
from storage.transactions import pod_imports
from storage.transactions.pod_import_entries import EntryOutcome, PodEntry
from storage.transactions.pod_imports import Part
from webhooks.api.sheet_columns import refused
from webhooks.http.auth import asking
from webhooks.http.context import runtime
from webhooks.http.idempotent import (
    key_reused,
    replayed,
    request_digest,
    require_key,
    response_to,
)

CREATED = 201
MOST_PEOPLE = 1_000  # a seat takes milliseconds, and the coaches are locked for all of them

Report = Callable[[Sequence[EntryOutcome], bool], StoredAnswer]
"""What the request is answered when its entries came, or would have come, to this; and whether
anything was made.
"""


@dataclass(frozen=True, slots=True)
class ImportRun:
    """Whose import it is, and what was asked."""

    client_id: str
    key: str
    digest: bytes
    entries: Sequence[PodEntry]

    def answer(self, tx: Tx, terms: Terms) -> StoredAnswer | None:
        """What is kept under the key. Raises Refused for a key of another request."""
        try:
            return idempotency.known(tx, self.client_id, self.key, self.digest, now=terms.now)
        except KeyReused:
            raise key_reused() from None

    def part_key(self, number: int) -> str:
        """No client's key has a space in it."""
        return f"{self.key} {number}"


def run(entries: Sequence[PodEntry], report: Report, *, red: bool) -> Response:
    """Make these pods, and answer with the report; `red`: nothing may be made, a row
    means no pod.
    """
    mine = ImportRun(asking().client_id, require_key(), request_digest(), entries)
    services = runtime().services
    with services.database.read() as tx:
        known = mine.answer(tx, services.terms())
    if known is None:
        answer = _decide(mine, report, red=red)
        with services.database.write_once() as tx:
            first = idempotency.claim(
                tx, mine.client_id, mine.key, mine.digest, answer, now=services.now()
            )
        if first and answer.status != BEGUN:
            return response_to(answer)
        with services.database.read() as tx:
            known = mine.answer(tx, services.terms()) or answer
    if known.status != BEGUN:
        return replayed(known)
    plan = [Part(it["coach_id"], tuple(it["places"])) for it in known.document]
    return _finish(mine, plan, report)


def check_people(entries: Sequence[PodEntry], outcomes: Sequence[EntryOutcome]) -> None:
    """Raises Refused for too many in the rows that change anything: an export that is sent again
    names everybody who has a seat.
    """
    people = 0
    for entry, outcome in zip(entries, outcomes, strict=True):
        if outcome.comes != "unchanged":
            people += len(entry.participants)
    if people > MOST_PEOPLE:
        raise refused(
            f"Send at most {MOST_PEOPLE} participants at once, in rows that change anything: split"
            " the file."
        )


def _decide(mine: ImportRun, report: Report, *, red: bool) -> StoredAnswer:
    """The refusal, or the plan."""
    services = runtime().services
    with services.database.read() as tx:
        outcomes = pod_imports.rehearse(tx, mine.entries, services.terms())
    check_people(mine.entries, outcomes)
    if red or any(outcome.refused for outcome in outcomes):
        return report(outcomes, False)  # noqa: FBT003 (nothing was made)
    plan = pod_imports.parts(mine.entries, outcomes)
    return StoredAnswer.of(BEGUN, list(map(asdict, plan)))


def _finish(mine: ImportRun, parts: Sequence[Part], report: Report) -> Response:
    """Make what is not made yet. Until something is, a red row stops the whole."""
    services = runtime().services
    outcomes = [EntryOutcome()] * len(mine.entries)
    made = False
    services.database.transact(partial(pod_imports.know_people, entries=mine.entries))
    for number, part in enumerate(parts):
        came_to = _part(mine, number, part, all_or_none=not made)
        for place, outcome in zip(part.places, came_to, strict=True):
            outcomes[place] = outcome
            is_there = outcome.pod is not None or outcome.shell_id is not None
            if is_there and outcome.comes != "unchanged":
                made = True
        if not made and any(outcome.refused for outcome in came_to):
            break
    answer = report(outcomes, made)
    with services.database.write() as tx:
        idempotency.settle(tx, mine.client_id, mine.key, answer)
        # Whoever else finished it has answered it too: both say the same.
        kept = mine.answer(tx, services.terms()) or answer
    return response_to(kept)


def _part(mine: ImportRun, number: int, part: Part, *, all_or_none: bool) -> list[EntryOutcome]:
    services = runtime().services
    entries = [mine.entries[place] for place in part.places]

    def work(tx: Tx) -> tuple[list[EntryOutcome], list[Wake]]:
        terms, key = services.terms(), mine.part_key(number)
        kept = idempotency.begin(tx, mine.client_id, key, mine.digest, now=terms.now)
        if kept is not None:
            return list(map(EntryOutcome.of_json, kept.document)), []
        outcomes, wake = pod_imports.make(
            tx, part.coach_id, entries, terms, all_or_none=all_or_none
        )
        written = list(map(EntryOutcome.as_json, outcomes))
        idempotency.remember(tx, mine.client_id, key, StoredAnswer.of(CREATED, written))
        return outcomes, wake

    with doorways.within("import", mine.client_id):
        outcomes, wake = services.database.transact(work)
    runtime().actors.wake_outbox(wake)
    return outcomes
