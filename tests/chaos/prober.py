"""Asks every web process five times a second whether it is alive; that must be answered whatever
else is down.
"""

import threading
import time

import requests

from tests.chaos.fleet import Member
from tests.chaos.scene import Scene

EVERY_SECONDS = 0.2
# The promise is 200 ms. Here other processes, of others too, want the same cores: what is told is
# what hangs.
HANGS_SECONDS = 3.0


class Prober:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._over = threading.Event()
        names = [name for name in scene.fleet.members if name.startswith("web")]
        self._threads = [threading.Thread(target=self._probe, args=(name,)) for name in names]

    def open(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _probe(self, name: str) -> None:
        with requests.Session() as session:
            while not self._over.wait(EVERY_SECONDS):
                member = self._scene.fleet.members[name]
                if member.ready.is_set() and member.alive:
                    self._ask(session, member)

    def _ask(self, session: requests.Session, member: Member) -> None:
        began = self._scene.journal.now()
        start = time.monotonic()
        hangs = HANGS_SECONDS * self._scene.patience
        try:
            status = session.get(f"{member.origin}/healthz", timeout=hangs).status_code
        except requests.Timeout:
            status = None
        except requests.RequestException:
            return  # it has just been killed, or else its end is told elsewhere
        took = time.monotonic() - start
        self._scene.journal.probe(began, took)
        if member.alive and status != 200:
            self._scene.journal.tell(
                "G9", f"/healthz of {member.name} said {status or 'nothing'} after {took:.1f} s"
            )
