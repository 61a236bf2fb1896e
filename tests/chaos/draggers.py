"""Those who do something to our events in the coaches' calendars: drag, delete, decline and rename
them, and now and then settle what came of that; and how links come to events.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.chaos.calling import Caller
from tests.chaos.people import COACHES, DURATION, LATER, Times, text
from tests.support.sandbox import Control
from workers.cronofy.sandbox.control import NotThere

OURS = "coachcal-"
WAYS = ("assigned", "failing_then_assigned", "failing", "late", "twice", "never")
LATE_SECONDS = (0, 1, 3)
LISTED_DAYS = 14
SETTLED = ("moved", "deleted", "declined")


class Dragger(Caller):
    """All of this in turn, as the die says."""

    def __init__(self, *arguments: Any, times: Times, pace: float) -> None:
        super().__init__(*arguments)
        self._control = Control(self.scene.control.origin)
        self._times = times
        self._pace = pace

    def run(self) -> None:
        deeds: list[tuple[Callable[[], None], int]] = [
            (self.drag, 5),
            (self.delete, 1),
            (self.decline, 1),
            (self.rename, 1),
            (self.settle, 4),
            (self.change_links, 1),
        ]
        weights = [weight for _, weight in deeds]
        while not self.over.is_set():
            (chosen,) = self.dice.choices([deed for deed, _ in deeds], weights)
            chosen()
            self.rest(self._pace)

    def last_round(self) -> None:
        """Something to an event or two of each coach, once nobody books any more: what becomes of
        it by their policy is seen in the end.
        """
        for coach_id in COACHES:
            for deed in (self.drag, self.dice.choice((self.delete, self.decline))):
                deed(coach_id)

    def drag(self, coach_id: str | None = None) -> None:
        start = self._times.at(self.dice.choice(LATER))
        end = start + timedelta(minutes=DURATION)
        moved = {"start": int(start.timestamp()), "end": int(end.timestamp())}
        self._do("moved", lambda uid: self._control.move_event(uid, start, end), coach_id, **moved)

    def delete(self, coach_id: str | None = None) -> None:
        self._do("deleted", self._control.delete_event, coach_id)

    def decline(self, coach_id: str | None = None) -> None:
        self._do("declined", lambda uid: self._control.change_event(uid, declined=True), coach_id)

    def rename(self) -> None:
        self._do("renamed", lambda uid: self._control.change_event(uid, summary="Tea"))

    def settle(self) -> None:
        """As the coach, or the platform, answers: perhaps about what is another thing by now."""
        coach_id = self.dice.choice(COACHES)
        changed = [each for each in self._sessions(coach_id) if each["event"] is not None]
        if not changed:
            return
        session = self.dice.choice(changed)
        event, session_id = session["event"], session["session_id"]
        to = self.dice.choice(("session", "calendar"))
        body = {"to": to, "token": event["token"]}
        path = f"/v1/sessions/{session_id}/event/settle"
        known = {"start": event["start"], "end": event["end"], "session_id": session_id}
        self.write("settle", coach_id, "POST", path, body, **known)

    def change_links(self) -> None:
        self._control.conferencing(self.dice.choice(WAYS), seconds=self.dice.choice(LATE_SECONDS))

    def _do(
        self, what: str, act: Callable[[str], None], whose: str | None = None, **more: int
    ) -> None:
        standing = [each for each in self._standing() if whose in (None, each[0])]
        if not standing:
            return
        coach_id, event = self.dice.choice(standing)
        session_id = str(event["event_id"]).removeprefix(OURS)
        request = {"session_id": session_id, "what": what, **more}
        sent = self.scene.journal.begin(self.name, "deed", coach_id, None, request)
        try:
            act(str(event["event_uid"]))
        except NotThere:
            # The product took it away a moment ago.
            self.scene.journal.end(sent, 404, None)
            return
        self.scene.journal.end(sent, 200, None)

    def _standing(self) -> list[tuple[str, dict[str, Any]]]:
        """Our events, each with whose calendar it stands in. Where they stand is written down."""
        owners = {coach.sub: coach.id for coach in self.scene.coaches.values()}
        found: list[tuple[str, dict[str, Any]]] = []
        began = self.scene.journal.now()
        for account in self._control.state()["accounts"]:
            for profile in account["profiles"]:
                for calendar in profile["calendars"]:
                    found += _ours(owners[account["sub"]], calendar["events"])
        self.scene.journal.see(began, dict(_places(event for _, event in found)))
        return found

    def _sessions(self, coach_id: str) -> list[dict[str, Any]]:
        """Empty while nobody answers."""
        until = self._times.first + timedelta(days=LISTED_DAYS)
        done = self.look(coach_id, {"from": text(self._times.first), "to": text(until)})
        if done.status != 200:
            return []
        found: list[dict[str, Any]] = done.answer["sessions"]
        return found


def _ours(coach_id: str, events: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of coaches whom the checks of calendars know: the prober's is left alone."""
    for event in events:
        ours = str(event["event_id"]).startswith(OURS)
        if coach_id in COACHES and ours and not event["deleted"]:
            yield coach_id, event


def _places(events: Iterable[dict[str, Any]]) -> Iterator[tuple[str, tuple[int, int]]]:
    """By session, when its event begins and ends, in epoch seconds."""
    for event in events:
        start, end = (datetime.fromisoformat(event[name]) for name in ("start", "end"))
        session_id = str(event["event_id"]).removeprefix(OURS)
        yield session_id, (int(start.timestamp()), int(end.timestamp()))
