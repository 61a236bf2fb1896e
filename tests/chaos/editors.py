"""Those who change what can be booked: events in a coach's own calendar, and her settings; and
those who only read.
"""

from typing import Any

from tests.chaos.calling import Caller, Write
from tests.chaos.people import COACHES, DURATION, EDITED, LATER, Times, settings_of, text
from tests.chaos.seeing import Edit, Onlooker

READ_DAYS = 8
GAPS = (10, 15, 20)


class Editor(Caller):
    """Puts busy events into calendars, and takes them out again once they were seen. Most lie where
    nobody books.
    """

    def __init__(self, *arguments: Any, times: Times, onlooker: Onlooker, pace: float) -> None:
        super().__init__(*arguments)
        self._times = times
        self._onlooker = onlooker
        self._pace = pace
        self._there: list[Edit] = []

    def run(self) -> None:
        while not self.over.is_set():
            self._put_in()
            seen = [edit for edit in self._there if edit.seen.is_set()]
            if len(seen) > len(COACHES):
                self._there.remove(seen[0])
                self._onlooker.take_out(self.name, seen[0])
            self.rest(self._pace)

    def _put_in(self) -> None:
        coach = self.scene.coaches[self.dice.choice(COACHES)]
        hours = self.dice.choice(LATER if self.dice.random() < 0.2 else EDITED)
        start = self._times.at(hours)
        open_starts = self._onlooker.open_starts(coach.id) or ()
        # Where nothing is open nobody could say when the change was seen.
        if text(start) in open_starts and all(
            edit.start != start for edit in self._there if edit.coach == coach
        ):
            self._there.append(self._onlooker.put(self.name, coach, start))


class Settler(Caller):
    """Sets a coach's buffers and hours, again and again."""

    def __init__(self, *arguments: Any, pace: float) -> None:
        super().__init__(*arguments)
        self._pace = pace

    def run(self) -> None:
        while not self.over.is_set():
            coach_id = self.dice.choice(COACHES)
            changes: dict[str, Any] = {
                "pre": self.dice.choice(GAPS),
                "post": self.dice.choice(GAPS),
            }
            if self.dice.random() < 0.2:
                changes["overrides"] = {}
            body = settings_of(coach_id, **changes)
            sent = Write("settings", coach_id, None, "PUT", f"/v1/coaches/{coach_id}", body, body)
            self.attempt(sent, self.some_web())
            self.rest(self._pace)


class Reader(Caller):
    """Asks for the open times of a coach; most of the time only whether they have changed. Now
    and then for her sessions before that: what they say of their events has to be closed by then.
    """

    def __init__(self, *arguments: Any, times: Times, pace: float) -> None:
        super().__init__(*arguments)
        self._times = times
        self._pace = pace

    def run(self) -> None:
        known: dict[str, str] = {}
        while not self.over.is_set():
            coach_id = self.dice.choice(COACHES)
            question = self._question()
            if self.dice.random() < 0.5:
                self.look(coach_id, {name: question[name] for name in ("from", "to")})
            etag = known.get(coach_id) if self.dice.random() < 0.7 else None
            done = self.read(coach_id, question, etag)
            if done.status == 200:
                known[coach_id] = done.headers["etag"]
            self.rest(self._pace)

    def _question(self) -> dict[str, str]:
        until = self._times.at(24 * READ_DAYS)
        return {"from": text(self._times.first), "to": text(until), "duration": str(DURATION)}
