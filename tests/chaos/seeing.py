"""Busy events that are put into calendars, and when a listing first shows nothing open there."""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests

from tests.chaos.evidence import Operation
from tests.chaos.people import DURATION, Coach, text
from tests.chaos.scene import Scene
from tests.support.sandbox import Control

LOOK_SECONDS = 0.25
WHOLE = timedelta(days=91)


@dataclass
class Edit:
    """A busy event of one session's length. `seen` is set once the listing shows nothing open at
    its start.
    """

    coach: Coach
    start: datetime
    event_uid: str
    operation: Operation
    seen: threading.Event


class Onlooker:
    """Puts events in, and looks again and again at the listings of the coaches whose edits were not
    seen yet.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._control = Control(scene.control.origin)
        self._waiting: list[Edit] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._session = requests.Session()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def open(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self._control.close()

    def put(self, client: str, coach: Coach, start: datetime) -> Edit:
        """The event is in the calendar when this returns, and its push is under way."""
        end = start + timedelta(minutes=DURATION)
        with self._lock:
            request = {
                "calendar_id": coach.calendar_id,
                "start": int(start.timestamp()),
                "end": int(end.timestamp()),
            }
            sent = self._scene.journal.begin(
                client, "edit", coach.id, None, {**request, "busy": True}
            )
            uid = self._control.add_event(coach.calendar_id, start, end)
            edit = Edit(
                coach, start, uid, self._scene.journal.amend(sent, event_id=uid), threading.Event()
            )
            self._waiting.append(edit)
        return edit

    def take_out(self, client: str, edit: Edit) -> None:
        request = {
            "calendar_id": edit.coach.calendar_id,
            "event_id": edit.event_uid,
            "start": None,
            "end": None,
        }
        with self._lock:
            self._scene.journal.begin(
                client, "edit", edit.coach.id, None, {**request, "busy": False}
            )
            self._control.delete_event(edit.event_uid)

    def open_starts(self, coach_id: str) -> set[str] | None:
        """Of all days; None while nobody answers."""
        first = datetime.now().astimezone()
        query = {"from": text(first), "to": text(first + WHOLE), "duration": str(DURATION)}
        for web in self._scene.fleet.webs():
            path = f"{web.origin}/v1/coaches/{coach_id}/slots"
            try:
                answer = self._session.get(
                    path,
                    params=query,
                    headers=self._scene.headers,
                    timeout=(1.0, self._scene.look_seconds),
                )
            except requests.RequestException:
                continue
            if answer.ok:
                return set(answer.json()["starts"])
        return None

    @property
    def unseen(self) -> int:
        return len(self._waiting)

    def _look(self) -> None:
        while not self._over.wait(LOOK_SECONDS):
            with self._lock:
                waiting = list(self._waiting)
            for coach_id in {edit.coach.id for edit in waiting}:
                starts = self.open_starts(coach_id)
                if starts is not None:
                    self._note([edit for edit in waiting if edit.coach.id == coach_id], starts)

    def _note(self, waiting: list[Edit], starts: set[str]) -> None:
        for edit in waiting:
            if text(edit.start) in starts:
                continue
            self._scene.journal.visible[edit.operation.number] = self._scene.journal.now()
            with self._lock:
                self._waiting.remove(edit)
            edit.seen.set()
