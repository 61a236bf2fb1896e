"""Asking the product over HTTP: every attempt is written down, and a write is repeated until its
outcome is known.
"""

import contextlib
import random
import threading
import time
from dataclasses import dataclass
from typing import Any

import requests

from tests.chaos.evidence import Operation, Row
from tests.chaos.fleet import Member
from tests.chaos.scene import Scene

# Longer than the product may need to say 503 (6 s), so that who waits in vain has caught it.
ANSWER_SECONDS = (2.0, 8.0)
PAUSE_SECONDS = 0.3
PATIENCE_SECONDS = 60.0
"""How long after the end of the run a write is repeated still."""
KEPT = ("etag", "idempotency-replayed", "retry-after")


@dataclass(frozen=True)
class Write:
    """`request`: what is written down, the body and the ids of the path. `key` None: it may be
    asked only once.
    """

    kind: str
    coach_id: str
    key: str | None
    method: str
    path: str
    body: Any
    request: Row


class Caller:
    """One client: a connection of its own and a die of its own, so that one seed rolls the same
    again.
    """

    def __init__(self, scene: Scene, name: str, seed: int, over: threading.Event) -> None:
        self.scene = scene
        self.name = name
        self.dice = random.Random(f"{seed}/{name}")
        self.over = over
        self._session = requests.Session()
        self._session.headers.update(scene.headers)
        self._asked = 0

    @property
    def waits(self) -> tuple[float, float]:
        """Seconds to be let in, and to be answered."""
        let_in, answered = ANSWER_SECONDS
        return let_in * self.scene.patience, answered * self.scene.patience

    def run(self) -> None:
        """Until `over`."""
        raise NotImplementedError

    def write(
        self, kind: str, coach_id: str, method: str, path: str, body: Any, **ids: str
    ) -> Operation:
        """With a new key, until it is known what became of it, or patience ends. Now and then once
        more than that.
        """
        self._asked += 1
        sent = Write(
            kind,
            coach_id,
            f"{self.name}-{self._asked}",
            method,
            path,
            body,
            {**(body or {}), **ids},
        )
        once_more = self.dice.random() < 0.1
        end = float("inf")
        while not _settled(done := self.attempt(sent, self.some_web())):
            if self.over.is_set():
                end = min(end, time.monotonic() + PATIENCE_SECONDS)
            if time.monotonic() > end:
                return done
            time.sleep(PAUSE_SECONDS)
        if once_more:
            self.attempt(sent, self.some_web())
        return done

    def attempt(self, write: Write, web: Member | None) -> Operation:
        """Once. Without a web process nobody is asked, and nothing is known."""
        headers = {} if write.key is None else {"Idempotency-Key": write.key}
        sent = self.scene.journal.begin(
            self.name, write.kind, write.coach_id, write.key, write.request
        )
        return self._send(sent, web, write.method, write.path, json=write.body, headers=headers)

    def read(self, coach_id: str, request: Row, etag: str | None = None) -> Operation:
        """The slots of a coach; with an ETag only if they are others."""
        asked = request if etag is None else {**request, "if_none_match": etag}
        headers = {} if etag is None else {"If-None-Match": etag}
        sent = self.scene.journal.begin(self.name, "read", coach_id, None, asked)
        path = f"/v1/coaches/{coach_id}/slots"
        return self._send(sent, self.some_web(), "GET", path, params=dict(request), headers=headers)

    def look(self, coach_id: str, request: Row) -> Operation:
        """The sessions of a coach, and what is known of their events in her calendar."""
        sent = self.scene.journal.begin(self.name, "look", coach_id, None, request)
        query = {"coach_id": coach_id, **request}
        return self._send(sent, self.some_web(), "GET", "/v1/sessions", params=query)

    def rest(self, seconds: float) -> None:
        """About so long; the same each time the seed is played."""
        self.over.wait(seconds * self.dice.uniform(0.5, 1.5))

    def _send(
        self, sent: Operation, web: Member | None, method: str, path: str, **how: Any
    ) -> Operation:
        if web is None:
            return sent
        try:
            answer = self._session.request(method, web.origin + path, timeout=self.waits, **how)
        except requests.Timeout:
            if web.alive:
                self.scene.journal.tell(
                    "G9", f"{web.name} left {sent.kind} {sent.key} without an answer"
                )
            return sent
        except requests.RequestException:
            return sent
        content: Any = None
        with contextlib.suppress(ValueError):
            content = answer.json()
        headers = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        return self.scene.journal.end(sent, answer.status_code, content, headers)

    def some_web(self) -> Member | None:
        """Any that a balancer would choose."""
        webs = self.scene.fleet.webs()
        die = self.dice.random()
        return webs[int(die * len(webs))] if webs else None


def _settled(done: Operation) -> bool:
    """Whether it is known what became of it. After 429 nothing has, and the same may be asked
    again.
    """
    return not done.unknown and done.status != 429
