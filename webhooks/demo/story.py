"""The first act: calendars are connected, slots appear, somebody adds a meeting, and the slots it
takes are gone.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from webhooks.demo import browser, drag, sessions
from webhooks.demo.narrator import Narrator, clock_time, day_and_time, few
from webhooks.demo.people import AHEAD, Chapter, DemoPerson
from webhooks.demo.processes import StepFailed
from webhooks.demo.stage import GAP_SECONDS, Stage

DURATION = 60
DAYS = 14
PATIENCE_SECONDS = 40.0
OFFICE = [["09:00", "17:00"]]
HOURS = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE)
SETTINGS: dict[str, Any] = {
    "hours": HOURS,
    "pre": 15,
    "post": 15,
    "notice": 120,
    "horizon_days": AHEAD.days,
    "durations": [30, DURATION],
}


@dataclass(frozen=True, slots=True)
class ConnectedCoach:
    person: DemoPerson
    calendar_id: str
    slots: dict[str, Any]
    imported: dict[str, Any]


def tell(stage: Stage, chapter: Chapter, say: Narrator) -> None:
    """One chapter. Raises StepFailed, saying which step and what was seen."""
    say.begin(f"Calendars are connected ({len(chapter.people)}), their slots computed")
    connected = [_connect(stage, person) for person in chapter.people]
    hero = None
    lines: list[str] = []
    for one in connected:
        lines += _introduce(stage, one)
        if hero is None and one.slots["starts"]:
            hero = one
    say.done(*lines)
    if hero is None:
        raise StepFailed(
            "no coach has an open slot: every working hour is busy, so nothing can be shown to"
            " close"
        )
    _let_the_gap_pass()
    event, closed = _meeting_appears(stage, hero, say)
    _let_the_gap_pass()
    starts = _meeting_goes(stage, hero, (event, closed), say)
    sessions.tell(stage, hero.person, starts, say)
    drag.tell(stage, hero.person, starts, say)


def _connect(stage: Stage, person: DemoPerson) -> ConnectedCoach:
    """What a coach does in a browser: open the link, agree at Cronofy's, come back."""
    stage.api.put(f"/v1/coaches/{person.id}", _settings(person))
    seat = stage.control.create_account(person.name, zone=person.zone, provider=person.provider)
    (calendar_id,) = seat.calendars
    imported = stage.control.import_ics(calendar_id, person.calendar)
    link = str(stage.api.post(f"/v1/coaches/{person.id}/connect", {})["authorize_url"])
    browser.connect(link, stage.control, profile=seat.profiles[0])
    slots = _wait(
        stage, person, lambda found: found["state"] == "fresh", "the first reading of the calendar"
    )
    return ConnectedCoach(person, calendar_id, slots, imported)


def _settings(person: DemoPerson) -> dict[str, Any]:
    return {
        "name": person.name,
        "email": f"{person.id}@coaches.example",
        "zone": person.zone,
        **SETTINGS,
    }


def _introduce(stage: Stage, one: ConnectedCoach) -> Iterator[str]:
    person, found = one.person, one.slots
    why = Counter[str]()
    detailed = _slots(stage, person, detail="reasons")
    for run in detailed["reasons"]:
        length = datetime.fromisoformat(run["to"]) - datetime.fromisoformat(run["from"])
        why[run["reason"]] += length // timedelta(minutes=15)
    closed = ", ".join(f"{count} {reason}" for reason, count in why.most_common())
    first = ""
    if found["starts"]:
        first = f", the first {day_and_time(found['starts'][0], person.zone)}"
    events = f"{one.imported['imported']} events"
    yield f"{person.name}: {person.provider}, {person.calendar.name}, {events}"
    for sentence in one.imported["unreadable"]:
        yield f"    left out: {sentence}"
    yield f"    version {found['version']}, read at {found['as_of']}"
    yield f"    {len(found['starts'])} starts of {DURATION} min in the next {DAYS} days{first}"
    yield f"    closed quarter hours: {closed}"


def _meeting_appears(stage: Stage, hero: ConnectedCoach, say: Narrator) -> tuple[str, set[str]]:
    """The event, and the starts that it closed."""
    person = hero.person
    start = datetime.fromisoformat(hero.slots["starts"][len(hero.slots["starts"]) // 3])
    end = start + timedelta(minutes=45)
    say.begin(
        f"{person.name} puts a 45-minute meeting into the calendar:"
        f" {day_and_time(start.isoformat(), person.zone)}"
    )
    before = _slots(stage, person)
    pushed = len(stage.control.deliveries())
    clicked = time.perf_counter()
    event = stage.control.add_event(hero.calendar_id, start, end, summary="A meeting")
    after = _wait(
        stage,
        person,
        lambda found: found["version"] > before["version"],
        "the slots after the change",
    )
    visible = (time.perf_counter() - clicked) * 1000
    push = stage.control.wait_for_deliveries(pushed + 1)[pushed]
    gone = set()
    for one in set(before["starts"]) - set(after["starts"]):
        if abs(datetime.fromisoformat(one) - start) < timedelta(hours=3):
            gone.add(one)
    if start.strftime("%Y-%m-%dT%H:%M:%SZ") not in gone:
        raise StepFailed(f"{start} is still listed although the calendar is busy then")
    times = [clock_time(one, person.zone) for one in sorted(gone)]
    say.done(
        f"push: {push['type']}, signed, answered {push['status']} in {push['duration_ms']:.0f} ms",
        f"refresh: version {before['version']} -> {after['version']}, read at {after['as_of']}",
        f"closed: {few(times)} (buffers of 15 min included)",
        (
            f"push to visible: {visible:.0f} ms, from the click in the calendar to the slots over"
            " the API"
        ),
    )
    return event, gone


def _meeting_goes(
    stage: Stage, hero: ConnectedCoach, was: tuple[str, set[str]], say: Narrator
) -> list[str]:
    """Every start that is open once the meeting is gone."""
    event, closed = was
    say.begin("The meeting is deleted again")
    clicked = time.perf_counter()
    stage.control.delete_event(event)
    after = _wait(
        stage,
        hero.person,
        # Not the list as it was: its first start may have come too near meanwhile.
        lambda found: closed <= set(found["starts"]),
        "the slots to open again",
    )
    visible = (time.perf_counter() - clicked) * 1000
    say.done(f"all {len(closed)} starts are back, visible after {visible:.0f} ms")
    starts: list[str] = after["starts"]
    return starts


def _let_the_gap_pass() -> None:
    """A calendar is not read again within the minimum gap; waiting it out measures the path, not
    the gap.
    """
    time.sleep(float(GAP_SECONDS) + 0.05)


def _slots(stage: Stage, person: DemoPerson, **more: str) -> dict[str, Any]:
    now = stage.control.now()
    since, until = now.date(), (now + timedelta(days=DAYS)).date()
    query = {"from": since.isoformat(), "to": until.isoformat(), "duration": str(DURATION), **more}
    return stage.api.get(f"/v1/coaches/{person.id}/slots", **query)


def _wait(
    stage: Stage, person: DemoPerson, wanted: Callable[[dict[str, Any]], bool], what: str
) -> dict[str, Any]:
    end = time.monotonic() + PATIENCE_SECONDS
    while not wanted(found := _slots(stage, person)):
        stage.processes.check()
        if time.monotonic() > end:
            seen = {key: found[key] for key in ("state", "version", "as_of")}
            raise StepFailed(
                f"{what} did not come within {PATIENCE_SECONDS:.0f} s; last seen: {seen}"
            )
        time.sleep(0.005)
    return found
