"""The second act: somebody books; calendar and mail boxes follow. Then two want the last seat of a
pod.
"""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from webhooks.demo.narrator import Narrator, day_and_time
from webhooks.demo.people import DemoPerson
from webhooks.demo.postbox_letters import Letter
from webhooks.demo.processes import StepFailed
from webhooks.demo.stage import Stage

PATIENCE_SECONDS = 40.0
LINK = re.compile(r"https://meet\.example/\S+")
"""As the sandbox makes them."""
CREATED, CONFLICT = 201, 409
DURATION = 60
GRACE = {
    "id": "grace",
    "my_page_url": "https://os.example/my/grace",
    "name": "Grace",
    "email": "grace@people.example",
    "zone": "America/New_York",
    "language": "en",
}
HEDY = {
    "id": "hedy",
    "my_page_url": "https://os.example/my/hedy",
    "name": "Hedy",
    "email": "hedy@people.example",
    "zone": "Europe/Vienna",
    "language": "de",
}
LISE = {
    "id": "lise",
    "my_page_url": "https://os.example/my/lise",
    "name": "Lise",
    "email": "lise@people.example",
    "zone": "Europe/Paris",
    "language": "fr",
}
CONTEXT = {
    "company": "acme",
    "project": "leaders",
    "cohort": "spring",
    "programme_name": "New Leaders",
}


def tell(stage: Stage, person: DemoPerson, starts: list[str], say: Narrator) -> None:
    """`starts`: the open ones, at least one. Raises StepFailed, saying what was to be seen and was
    not.
    """
    booked = _book(stage, person, starts[len(starts) // 2], say)
    moved = _rebook(stage, person, booked, starts[-1], say)
    _cancel(stage, person, moved, say)
    _race(stage, person, starts[-1], say)


def _book(stage: Stage, person: DemoPerson, start: str, say: Narrator) -> dict[str, Any]:
    say.begin(f"Grace books {person.name}: {day_and_time(start, person.zone)}")
    before, clicked = _count(stage), time.perf_counter()
    body = {
        "coach_id": person.id,
        "start": start,
        "duration": DURATION,
        "participant": GRACE,
        "context": CONTEXT,
    }
    booked = stage.api.post("/v1/bookings", body)
    answered = (time.perf_counter() - clicked) * 1000
    mails = _mails(stage, before, 2)
    seen = (time.perf_counter() - clicked) * 1000
    _until_event(stage, booked, lambda event: event is not None and event["start"] == start)
    say.done(
        f"answered in {answered:.0f} ms: {booked['id']}, and the time is closed",
        *mails,
        f"both mails were there {seen:.0f} ms after the click",
        f"{person.name}'s calendar shows it: written, and read back to be sure",
    )
    return booked


def _rebook(
    stage: Stage, person: DemoPerson, booked: dict[str, Any], start: str, say: Narrator
) -> dict[str, Any]:
    say.begin(f"Grace moves it: {day_and_time(start, person.zone)}")
    before = _count(stage)
    moved = stage.api.post(
        f"/v1/bookings/{booked['id']}/rebook", {"start": start, "version": booked["version"]}
    )
    mails = _mails(stage, before, 2)
    _until_event(stage, moved, lambda event: event is not None and event["start"] == start)
    say.done(
        *mails, f"the same event moved in {person.name}'s calendar; the old time is open again"
    )
    return moved


def _cancel(stage: Stage, person: DemoPerson, moved: dict[str, Any], say: Narrator) -> None:
    say.begin("Grace cancels")
    before = _count(stage)
    ended = stage.api.post(f"/v1/bookings/{moved['id']}/cancel", {"version": moved["version"]})
    mails = _mails(stage, before, 2)
    _until_event(stage, ended, lambda event: event is None)
    outcome = "cancelled in time"
    if ended["status"] == "missed":
        outcome = "less than 24 h before, so it counts as missed"
    say.done(*mails, f"{outcome}; the event is gone from {person.name}'s calendar")


def _race(stage: Stage, person: DemoPerson, start: str, say: Narrator) -> None:
    say.begin(
        f"A pod of two, {day_and_time(start, person.zone)}: Hedy is in it, Grace and Lise want"
        " the last seat"
    )
    before = _count(stage)
    plan = {
        "coach_id": person.id,
        "start": start,
        "duration": DURATION,
        "min_seats": 2,
        "max_seats": 2,
        "place": {"kind": "conferencing"},
    }
    pod = stage.api.post(
        "/v1/pods", plan | {"title": "Peer circle", "context": CONTEXT, "participants": [HEDY]}
    )
    seats = f"/v1/pods/{pod['session_id']}/seats"
    wanting = (GRACE, LISE)
    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(lambda who: stage.api.try_post(seats, {"participant": who}), wanting)
        )
    by_status = {}
    for answer in answers:
        by_status[answer.status_code] = answer.json()
    if sorted(by_status) != [CREATED, CONFLICT]:
        raise StepFailed(
            f"of two who want the last seat one gets it, not: {[answer.text for answer in answers]}"
        )
    mails = _mails(stage, before, 4)
    winner, why = by_status[CREATED]["participant"]["name"], by_status[CONFLICT]["code"]
    said = [f"{winner} got it; the other one was told {why}, and instead:"]
    for near in by_status[CONFLICT]["nearest"]:
        line = day_and_time(near, person.zone)
        said.append(f"    {line}")
    if not by_status[CONFLICT]["nearest"]:
        said.append("    nothing: the coach has no other time")
    link = _link(stage, before)
    say.done(*said, *mails, f"each of them says where: {link}, which came with the event")


def _count(stage: Stage) -> int:
    """How many mails there have been."""
    letters = stage.postbox.messages()
    if not letters:
        return 0
    return letters[-1].number


def _mails(stage: Stage, before: int, more: int) -> list[str]:
    """What the next mails say, once they are there; what they ask of calendars too."""
    letters = stage.postbox.wait(before + more, PATIENCE_SECONDS)
    return [_as_line(letter) for letter in letters if letter.number > before]


def _link(stage: Stage, before: int) -> str:
    """The one link of the video call, which each of the mails since then says."""
    found = set()
    for letter in stage.postbox.messages():
        if letter.number > before:
            shown = LINK.search(letter.text)
            found.add(shown and shown[0])
    if len(found) != 1 or None in found:
        raise StepFailed(f"the mails of a pod say one link, not {found}")
    return str(found.pop())


def _as_line(letter: Letter) -> str:
    line = f"mail to {', '.join(letter.recipients)}: {letter.subject}"
    if letter.method:
        line += f"  [{letter.method}, SEQUENCE {letter.sequence}]"
    return line


def _until_event(
    stage: Stage, of: dict[str, Any], wanted: Callable[[dict[str, Any] | None], bool]
) -> None:
    """Wait until the coach's calendar shows the session as it must."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not wanted(event := _event(stage, of["session_id"])):
        stage.processes.check()
        if time.monotonic() > end:
            raise StepFailed(
                f"the coach's calendar did not follow within {PATIENCE_SECONDS:.0f} s; it shows"
                f" {event}"
            )
        time.sleep(0.03)


def _event(stage: Stage, session_id: str) -> dict[str, Any] | None:
    """What the sandbox's calendars hold of a session of ours."""
    for account in stage.control.state()["accounts"]:
        for profile in account["profiles"]:
            for calendar in profile["calendars"]:
                for event in calendar["events"]:
                    if not event["deleted"] and str(event["event_id"]).endswith(session_id):
                        found: dict[str, Any] = event
                        return found
    return None
