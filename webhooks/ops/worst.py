"""The worst thing first: what is wrong, in words, how bad it is by its age, its runbook paragraph
and what helps.

Causes come before their effects: with the clock stopped nothing is sent either, and to send it is
no help.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from storage.reports.causes import SharedError
from webhooks.ops.endpoint_troubles import of_endpoints
from webhooks.ops.facts import MOST_SHOWN, Facts
from webhooks.ops.formats import age
from webhooks.ops.troubles import (
    DAY,
    HOUR,
    LEVELS,
    MINUTE,
    Remedy,
    Trouble,
    level_by,
)

CLOCK_SECONDS = 10.0
"""The jobs of every second run late where the clock is busy; later than this it does not run."""
IDLE_SECONDS = 15.0
STORM = 10
STORM_SECONDS = 10.0
"""So many calendars, of which one has waited so long: one calendar's own gap is half of that."""


def of(facts: Facts) -> list[Trouble]:
    """The worst first; nothing when all is well."""
    found = [*_processes(facts), *_reads(facts), *_messages(facts), *_people(facts)]
    found += [*_paused(facts), *of_endpoints(facts.endpoints), *_settling(facts)]
    return sorted(found, key=lambda trouble: -LEVELS.index(trouble.level))


def _processes(facts: Facts) -> Iterator[Trouble]:
    if facts.clock_late > CLOCK_SECONDS:
        since = "has never run"
        if facts.clock_late < float("inf"):
            since = f"has stopped: it last ran {age(facts.clock_late)} ago"
        level = level_by(facts.clock_late, CLOCK_SECONDS, MINUTE)
        words = f"The clock {since}; nothing missed is caught up with"
        does = "Run on any machine with these settings; two of them do no harm."
        remedy = Remedy("Start the clock", command="coachcal clock", does=does)
        yield Trouble(level, words, "CoachcalClockStopped", remedy)
    if facts.failing_jobs:
        named = ", ".join(facts.failing_jobs)
        remedy = Remedy("Read the clock's log", command="coachcal doctor")
        yield Trouble(
            "amber", f"A job of the clock fails: {named}", "CoachcalClockJobFailing", remedy
        )
    if not facts.redis_up:
        words = "Redis is away: nobody can be woken, so nothing is read or sent; nothing is lost"
        yield Trouble(
            "red", words, "CoachcalRedisAway", Remedy("Start Redis", command="coachcal doctor")
        )
    elif facts.in_flight == 0 and facts.ready.oldest > IDLE_SECONDS:
        ready = facts.ready
        waiting = f"{_many(ready.reads, 'read')} and {_many(ready.messages, 'message')} wait"
        words = f"No worker takes any work: {waiting}, the oldest for {age(ready.oldest)}"
        level = level_by(ready.oldest, IDLE_SECONDS, 2 * MINUTE)
        remedy = Remedy("Start the workers", command="coachcal work", does=ONE_MORE)
        yield Trouble(level, words, "CoachcalReadsLate", remedy)
    if facts.stuck:
        words = (
            f"A worker vanished with {_listed(facts.stuck, 'job')} in hand; the clock hands them"
            " to another"
        )
        yield Trouble("grey", words, "CoachcalReadsLate", Remedy("See which", place="stuck"))


ONE_MORE = "Run on any machine with these settings: it takes what waits, beside those that run."
TRIED = "Each is tried at once, instead of at its next try; what fails again waits as before."


def _reads(facts: Facts) -> Iterator[Trouble]:
    # Those that fail wait for their next try, whoever works: more workers are no help to them.
    if facts.reads_owed - facts.reads_failing >= STORM and facts.reads_oldest >= STORM_SECONDS:
        yield _storm(facts)
        return
    if facts.reads_owed == 0 or facts.reads_oldest < MINUTE / 2:
        return
    words = f"Calendars are read late: {facts.reads_owed} owed, oldest {age(facts.reads_oldest)}"
    remedy = Remedy("Start more workers", command="coachcal work", does=ONE_MORE)
    if facts.reads_failing:
        words += _because(facts.causes, "read")
        remedy = Remedy("Try them all now", deed="hurry", target="read", does=TRIED)
    yield _late(facts, words, remedy)


def _storm(facts: Facts) -> Trouble:
    words = (
        f"A storm of changes: {facts.reads_owed} calendars wait to be read, oldest"
        f" {age(facts.reads_oldest)}; the workers are too few or too slow"
    )
    does = f"{ONE_MORE} Each calendar is read once, however often it changed."
    return _late(facts, words, Remedy("Start more workers", command="coachcal work", does=does))


def _late(facts: Facts, words: str, remedy: Remedy) -> Trouble:
    level = level_by(facts.reads_oldest, 2 * MINUTE, 10 * MINUTE)
    return Trouble(level, words, "CoachcalReadsLate", remedy)


MATTERS = {
    "mail": ("Mail is not leaving", "CoachcalMailerTrouble"),
    "calendar": ("Sessions are not written into calendars", "CoachcalCalendarWritesLate"),
    "callback": ("The platform is not told", "CoachcalOutboxLate"),
}


def _messages(facts: Facts) -> Iterator[Trouble]:
    for due in facts.due:
        if due.count and due.oldest >= MINUTE:
            matter, paragraph = MATTERS[due.kind]
            words = (
                f"{matter}: {due.count} due, oldest"
                f" {age(due.oldest)}{_because(facts.causes, due.kind)}"
            )
            remedy = Remedy("Try them all now", deed="hurry", target=due.kind, does=TRIED)
            trouble = Trouble(
                level_by(due.oldest, 5 * MINUTE, 15 * MINUTE), words, paragraph, remedy
            )
            yield _softened(facts, trouble, "pending", due.kind)
    if facts.dead:
        yield _dead(facts)
    if facts.held_back:
        words = f"{_many(facts.held_back, 'mail')} held back until the text is corrected"
        trouble = Trouble(
            "amber", words, "CoachcalMailsHeld", Remedy("See the texts", place="waiting_for_text")
        )
        yield _softened(facts, trouble, "waiting_for_text")
    if facts.no_mailbox:
        words = f"{_many(facts.no_mailbox, 'mail')} to a mailbox that does not exist"
        yield Trouble(
            "grey", words, "CoachcalMailsWithheld", Remedy("See the addresses", place="withheld")
        )


def _dead(facts: Facts) -> Trouble:
    known = sum(each.count for each in facts.causes if each.state == "dead" and each.known)
    unknown = facts.dead - known
    words = f"{_many(facts.dead, 'message')} given up, the oldest due {age(facts.dead_oldest)} ago"
    if known and unknown:
        words += f"; {unknown} of them nobody has acknowledged"
    level = level_by(facts.dead_oldest, 0, DAY)
    remedy = Remedy("Requeue or discard", place="causes")
    return _softened(facts, Trouble(level, words, "CoachcalDeadLetters", remedy), "dead")


def _softened(facts: Facts, trouble: Trouble, state: str, kind: str | None = None) -> Trouble:
    """Nobody else is called for what somebody answers for, all causes of it."""
    mine = [each for each in facts.causes if each.state == state and kind in (None, each.kind)]
    if not mine or not all(each.known for each in mine):
        return trouble
    actors = sorted({each.known.actor for each in mine if each.known})
    words = f"{trouble.words}; acknowledged by {' and '.join(actors)}"
    return replace(trouble, level="grey", words=words)


def _people(facts: Facts) -> Iterator[Trouble]:
    if facts.gone:
        coach, since = facts.gone[0]
        words = (
            f"{_whose(facts.gone_count, coach.coach_id)} connected no more, for {age(since)}:"
            " ask to reconnect"
        )
        does = "Mails the coach the link by which only they can connect the account again."
        remedy = Remedy("Ask the coach to reconnect", deed="ask", target=coach.coach_id, does=does)
        yield Trouble(level_by(since, HOUR, 3 * DAY), words, "CoachcalCoachesStale", remedy)
    if facts.stale:
        coach, since = facts.stale[0]
        words = f"{_whose(facts.stale_count, coach.coach_id)} not read for {age(since)}"
        remedy = Remedy("Read the calendars now", place=f"coach {coach.coach_id}")
        level = level_by(since, 0, DAY)
        yield Trouble(level, words + _because(facts.causes, "read"), "CoachcalCoachesStale", remedy)
    if facts.conflicts:
        words = (
            f"{_listed(facts.conflicts, 'coach', 'coaches')} with a session under an event of"
            " their calendar"
        )
        yield Trouble(
            "grey", words, "CoachcalSessionsInConflict", Remedy("See them", place="coaches")
        )
    if facts.linkless:
        whose = _listed(facts.linkless, "coach", "coaches")
        words = f"{whose} with a session whose link does not come"
        yield Trouble(
            "amber", words, "CoachcalConferencingFailed", Remedy("See them", place="coaches")
        )


PAUSED = {
    "mail": "Mails are paused",
    "calendar": "Calendar writes are paused",
    "callback": "Callbacks are paused",
}


def _paused(facts: Facts) -> Iterator[Trouble]:
    for pause, seconds, waiting in facts.paused:
        matter = PAUSED.get(pause.what, f"The mails of {pause.company} are paused")
        words = f"{matter} for {age(seconds)}, by {pause.actor}: {waiting} wait"
        does = "Nothing is lost meanwhile: what waits leaves in its order once it is resumed."
        remedy = Remedy("Resume", place="pauses", does=does)
        yield Trouble(level_by(seconds, 0, DAY), words, "CoachcalPaused", remedy)


def _settling(facts: Facts) -> Iterator[Trouble]:
    if not facts.unsettled:
        return
    words = (
        f"{_many(facts.unsettled, 'session')} whose event a coach changed in the calendar:"
        f" nobody settled the oldest for {age(facts.unsettled_oldest)}"
    )
    level = level_by(facts.unsettled_oldest, DAY, 3 * DAY)
    yield Trouble(level, words, "CoachcalEventsUnsettled", Remedy("See them", place="coaches"))


def _because(causes: Sequence[SharedError], kind: str) -> str:
    """`, connection refused`: the most frequent error of this kind."""
    first = next((each for each in causes if (each.kind, each.state) == (kind, "pending")), None)
    if first is None or not first.error:
        return ""
    return f", {short(first.error)}"


def short(error: str) -> str:
    """Of `not accepted this time, because of the server (connection refused)` what stands in
    brackets.
    """
    _, bracket, inside = error.rpartition(" (")
    if bracket and error.endswith(")"):
        return inside.removesuffix(")")
    return error


def _listed(count: int, one: str, more: str = "") -> str:
    """Of what a list was counted by, which may have ended before its end."""
    if count < MOST_SHOWN:
        return _many(count, one, more)
    return f"{count} or more {more or one + 's'}"


def _many(count: int, one: str, more: str = "") -> str:
    if count == 1:
        return f"{count} {one}"
    return f"{count} {more or one + 's'}"


def _whose(count: int, first: str) -> str:
    if count == 1:
        return f"The calendars of {first} are"
    return f"The calendars of {count} coaches ({first} the longest) are"
