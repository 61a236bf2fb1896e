"""The third act: the coach drags a session in their own calendar. They are asked by mail, agree,
and its participant gets the new time.
"""

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from domain.event_differences import event_id
from webhooks.demo import browser
from webhooks.demo.narrator import Narrator, day_and_time
from webhooks.demo.people import DemoPerson
from webhooks.demo.postbox_letters import Letter
from webhooks.demo.processes import StepFailed
from webhooks.demo.sessions import CONTEXT, DURATION, GRACE, PATIENCE_SECONDS
from webhooks.demo.stage import Stage
from workers.cronofy.sandbox.control import ControlFailed

LINK = re.compile(r"https?://\S+/p/[\w-]+")
LENGTH = timedelta(minutes=DURATION)
APART = timedelta(hours=3)


def tell(stage: Stage, person: DemoPerson, starts: list[str], say: Narrator) -> None:
    """`starts`: the open ones. Nothing is told where there are no two far enough apart. Raises
    StepFailed, saying what was to be seen and was not.
    """
    if not starts:
        return
    start, there = starts[len(starts) // 2], starts[len(starts) // 4]
    if datetime.fromisoformat(start) - datetime.fromisoformat(there) < APART:
        return
    booked = _book(stage, person, start)
    link = _drag(stage, person, booked, there, say)
    _agree(stage, booked, link, there, say)


def _book(stage: Stage, person: DemoPerson, start: str) -> dict[str, Any]:
    before = _count(stage)
    body = {
        "coach_id": person.id,
        "start": start,
        "duration": DURATION,
        "participant": GRACE,
        "context": CONTEXT,
    }
    booked = stage.api.post("/v1/bookings", body)
    _mails(stage, before, 2)
    _until(stage, lambda: _stands(stage, booked) == start, "the session in the coach's calendar")
    return booked


def _drag(
    stage: Stage, person: DemoPerson, booked: dict[str, Any], there: str, say: Narrator
) -> str:
    """The link in the mail that asks."""
    say.begin(
        f"Grace books {person.name} once more, and {person.name} drags the session in the"
        f" calendar: {day_and_time(there, person.zone)}"
    )
    before = _count(stage)
    event = stage.control.own_event(event_id(booked["session_id"]))
    moved_to = datetime.fromisoformat(there)
    stage.control.change_event(event["event_uid"], start=moved_to, end=moved_to + LENGTH)
    [letter] = _mails(stage, before, 1)
    found = LINK.search(letter.text)
    if found is None:
        raise StepFailed(f"the mail that asks the coach has no link: {letter.text!r}")
    if _booked(stage, booked)["start"] != booked["start"]:
        raise StepFailed("the session moved before its coach had said so")
    say.done(
        "the session stands where it was booked; both times are closed",
        f"mail to {', '.join(letter.recipients)}: {letter.subject}",
    )
    return found[0]


def _agree(stage: Stage, booked: dict[str, Any], link: str, there: str, say: Narrator) -> None:
    say.begin("The coach follows the link, and agrees: move the session there")
    before = _count(stage)
    browser.settle(link, to="calendar")
    letters = _mails(stage, before, 2)
    _until(stage, lambda: _booked(stage, booked)["start"] == there, "the session's new time")
    lines = []
    for letter in letters:
        lines.append(f"mail to {', '.join(letter.recipients)}: {letter.subject}")
    say.done(*lines, "calendar and session agree, and the old time is open again")


def _count(stage: Stage) -> int:
    letters = stage.postbox.messages()
    if not letters:
        return 0
    return letters[-1].number


def _mails(stage: Stage, before: int, more: int) -> list[Letter]:
    letters = stage.postbox.wait(before + more, PATIENCE_SECONDS)
    return [letter for letter in letters if letter.number > before]


def _booked(stage: Stage, booked: dict[str, Any]) -> dict[str, Any]:
    return stage.api.get(f"/v1/bookings/{booked['id']}")


def _stands(stage: Stage, booked: dict[str, Any]) -> str | None:
    """Where the session's event begins in the coach's calendar."""
    try:
        return str(stage.control.own_event(event_id(booked["session_id"]))["start"])
    except ControlFailed:
        return None  # not written yet


def _until(stage: Stage, is_so: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        stage.processes.check()
        if time.monotonic() > end:
            raise StepFailed(f"{what} did not come within {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.03)
