"""Whether service is normal: each web process books, the mail of it arrives, and a calendar change
is seen.
"""

import itertools
import threading
import time
from dataclasses import dataclass

from tests.chaos.calling import Caller, Write
from tests.chaos.fleet import Member
from tests.chaos.people import CANARY, CANARY_DAYS, DURATION, Times, participant, text
from tests.chaos.scene import Scene
from tests.chaos.seeing import Onlooker

EVERY_HOURS = 2
LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Recovery:
    """Seconds until every web process had booked, until the mails of that arrived, and until a
    change was seen.

    None: not as long as that was waited for.
    """

    booked: float | None
    mailed: float | None
    seen: float | None

    @property
    def seconds(self) -> float | None:
        """Until service was normal."""
        if self.booked is None or self.mailed is None or self.seen is None:
            return None
        return max(self.booked, self.mailed, self.seen)

    def __str__(self) -> str:
        parts = (("booked", self.booked), ("mailed", self.mailed), ("seen", self.seen))
        return ", ".join(
            f"{name} never" if when is None else f"{name} {when:.1f}" for name, when in parts
        )


class Canary(Caller):
    """Books a coach of its own, at times that it never uses twice."""

    def __init__(self, scene: Scene, seed: int, times: Times, onlooker: Onlooker) -> None:
        super().__init__(scene, "canary", seed, threading.Event())
        self._times = times
        self._onlooker = onlooker
        self._hours = itertools.count(48, EVERY_HOURS)
        self._numbers = itertools.count(1)

    def sing(self, patience: float) -> Recovery:
        """How long it takes from now, waiting no longer than `patience` seconds."""
        began = time.monotonic()
        end = began + patience
        edit = self._onlooker.put(
            self.name, self.scene.coaches[CANARY], self._times.at(self._next_hours())
        )
        addresses = self._booked_everywhere(end)
        booked = _past(began) if addresses else None
        mailed = (
            _past(began)
            if addresses and all(self._arrived(each, end) for each in addresses)
            else None
        )
        seen = None
        if edit.seen.wait(max(0.0, end - time.monotonic())):
            seen = self.scene.journal.visible[edit.operation.number] - edit.operation.sent
        self._onlooker.take_out(self.name, edit)
        return Recovery(booked, mailed, seen)

    def _booked_everywhere(self, end: float) -> list[str]:
        """To whom the mails go: one for each web process that serves; none if one of them does not
        book in time.
        """
        addresses: list[str] = []
        while not addresses and time.monotonic() < end:
            for web in self.scene.fleet.webs():
                if address := self._booked(web, end):
                    addresses.append(address)
                elif web in self.scene.fleet.webs():
                    return []
        return addresses

    def _booked(self, web: Member, end: float) -> str | None:
        """Through this process, again and again until it is answered. None: never, or it serves no
        more.
        """
        number = next(self._numbers)
        who = participant(f"-{CANARY}-{number}")
        start = text(self._times.at(self._next_hours()))
        body = {"coach_id": CANARY, "start": start, "duration": DURATION, "participant": who}
        write = Write("book", CANARY, f"canary-{number}", "POST", "/v1/bookings", body, body)
        while time.monotonic() < end and web in self.scene.fleet.webs():
            if self.attempt(write, web).status == 201:
                return str(who["email"])
            time.sleep(0.1)
        return None

    def _arrived(self, address: str, end: float) -> bool:
        while not self.scene.office.to(address):
            if time.monotonic() > end:
                return False
            time.sleep(LOOK_SECONDS)
        return True

    def _next_hours(self) -> int:
        hours = next(self._hours)
        assert hours < 24 * (CANARY_DAYS - 1), (
            "the canary has used up its times: run for fewer seconds"
        )
        return hours


def _past(began: float) -> float:
    return time.monotonic() - began
