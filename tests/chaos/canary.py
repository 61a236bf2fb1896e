"""Whether service is normal: each web process books, the mail of it arrives, and a calendar change is seen."""

import itertools
import threading
import time

from tests.chaos.calling import Caller, Write
from tests.chaos.fleet import Member
from tests.chaos.people import CANARY, CANARY_DAYS, DURATION, Times, participant, text
from tests.chaos.scene import Scene
from tests.chaos.seeing import Onlooker

EVERY_HOURS = 2
LOOK_SECONDS = 0.02


class Canary(Caller):
    """Books a coach of its own, at times that it never uses twice."""

    def __init__(self, scene: Scene, seed: int, times: Times, onlooker: Onlooker) -> None:
        super().__init__(scene, "canary", seed, threading.Event())
        self.over.set()
        self._times = times
        self._onlooker = onlooker
        self._hours = itertools.count(48, EVERY_HOURS)
        self._numbers = itertools.count(1)

    def seconds_until_normal(self, patience: float) -> float | None:
        """From now; None if it is not normal after `patience` seconds."""
        began = time.monotonic()
        end = began + patience
        edit = self._onlooker.put(self.name, self.scene.coaches[CANARY], self._times.at(self._next_hours()))
        addresses = [address for web in self.scene.fleet.webs() if (address := self._booked(web, end))]
        arrived = all(self._arrived(address, end) for address in addresses)
        seen = edit.seen.wait(max(0.0, end - time.monotonic()))
        self._onlooker.take_out(self.name, edit)
        if not addresses or not arrived or not seen or time.monotonic() > end:
            return None
        return time.monotonic() - began

    def _booked(self, web: Member, end: float) -> str | None:
        """Through this process, again and again until it is answered. To whom the mail goes; None: never."""
        number = next(self._numbers)
        who = participant(f"-{CANARY}-{number}")
        start = text(self._times.at(self._next_hours()))
        body = {"coach_id": CANARY, "start": start, "duration": DURATION, "participant": who}
        write = Write("book", CANARY, f"canary-{number}", "POST", "/v1/bookings", body, body)
        while time.monotonic() < end:
            if self.attempt(write, web).status == 201:
                return str(who["email"])
            if web not in self.scene.fleet.webs():
                return None
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
        assert hours < 24 * (CANARY_DAYS - 1), "the canary has used up its times: run for fewer seconds"
        return hours
