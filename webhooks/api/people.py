"""A person's data over HTTP: all that is kept of a coach or a participant, and its erasure."""

from typing import Any

from domain.sessions import Unknown
from storage.reports import personal_data
from storage.reports.personal_data import Person
from storage.reports.whose_rows import Kind
from storage.transactions import farewells
from webhooks.api.schemas.coach_batches import EraseQuery
from webhooks.api.schemas.responses import Accepted
from webhooks.http.auth import asking
from webhooks.http.context import runtime
from workers.jobs import erasure


def export_coach(coach_id: str) -> dict[str, Any]:
    """Tell all that is kept of a coach, by table: for whoever asks for their data. No tokens."""
    return _export("coach", coach_id)


def erase_coach(coach_id: str, query: EraseQuery) -> tuple[Accepted, int]:
    """Erase a coach: the calendars are revoked at Cronofy, their channels end, and all that an
    export holds is forgotten.

    While sessions are to come this is refused, unless `coming=cancel`: then nobody can book the
    coach from now on, the sessions are called off within a minute, everybody is told by mail, and
    the erasure follows as soon as that has left; after a day in any case. So it does where nothing
    is to come, but mails about the coach still leave. It is written down before this answers, and
    cannot be undone; a coach who leaves takes no sessions and no settings (`coach_leaves`).
    """
    ours, actor = runtime(), asking().actor
    services = ours.services
    with services.database.write() as tx:
        if query.coming == "cancel":
            known, connected = farewells.begin(tx, coach_id, actor=actor, now=services.now()), None
        else:
            connected = farewells.erase_unless_coming(tx, coach_id, actor=actor, now=services.now())
            known = connected is not None
    if not known:
        raise Unknown("coach", coach_id)
    ours.actors.wake(*(connected or ()))
    return Accepted(status="accepted"), 202


def export_participant(participant_id: str) -> dict[str, Any]:
    """Tell all that is kept of a participant, by table: for whoever asks for their data."""
    return _export("participant", participant_id)


def erase_participant(participant_id: str) -> tuple[Accepted, int]:
    """Erase a participant: name, address, mails and kept answers are forgotten.

    Their seats stay taken, with times and statuses, under a name that says nothing; nothing more is
    mailed to them.
    """
    return _erase("participant", participant_id)


def _export(kind: Kind, person_id: str) -> dict[str, Any]:
    services = runtime().services
    with services.database.write() as tx:
        exported = personal_data.export(
            tx, Person(kind, person_id), actor=asking().actor, now=services.now()
        )
    if exported is None:
        raise Unknown(kind, person_id)
    return exported


def _erase(kind: Kind, person_id: str) -> tuple[Accepted, int]:
    ours = runtime()
    connected = erasure.ask(ours.services, Person(kind, person_id), actor=asking().actor)
    if connected is None:
        raise Unknown(kind, person_id)
    ours.actors.wake(*connected)
    return Accepted(status="accepted"), 202
