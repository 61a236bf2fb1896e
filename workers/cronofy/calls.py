"""How one application calls Cronofy:
within its budget, bounded in time and size, again where that does no harm, and page by page.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote

import structlog

from domain.push_stages import CronofyWaits
from workers.budget import Allowance
from workers.cronofy import origins, retries, wire
from workers.cronofy.errors import (
    BadAnswer,
    NotFound,
    RateLimited,
    Unauthorised,
    Unavailable,
)
from workers.cronofy.refusals import refusal
from workers.cronofy.transport import Call, Timeouts, Transport
from workers.cronofy.wire import FreeBusyPage
from workers.cronofy.wire.request_bodies import Application

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """How much one operation may take. A read that needs more is dropped."""

    deadline: float = 20.0
    """Seconds for all of it: budget, retries and pages."""
    pages: int = 200
    items: int = 50_000
    answer_bytes: int = 8 << 20
    """Of one answer, unpacked."""
    read_bytes: int = 32 << 20
    """Of all pages of a read, unpacked."""


@dataclass(slots=True)
class Spent:
    """Seconds that one piece of work waited: for its turn in the budget, and for Cronofy with its
    tries and the pauses between them.
    """

    budget: float = 0.0
    calls: float = 0.0

    def waits(self) -> CronofyWaits:
        return CronofyWaits(round(self.budget * 1000), round(self.calls * 1000))


class Caller:
    """One application at one data centre. Safe to share between threads.

    All methods raise CronofyError (`errors` draws the tree); `permanent` tells whether to try again
    later.
    """

    def __init__(
        self,
        api_origin: str,
        app_origin: str,
        client_id: str,
        client_secret: str,
        budget: Allowance,
        *,
        limits: ClientLimits | None = None,
        timeouts: Timeouts | None = None,
        user_agent: str = "coachcal",
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Raises ValueError when an origin is not one, or is plain http beyond this machine.

        `monotonic` is the budget's too. `wall`, epoch seconds, is asked only where Retry-After is a
        date: it is Cronofy's time that counts there, so never hand in a clock that was moved for a
        demo.
        """
        self._api = origins.checked(api_origin)
        self._app = origins.checked(app_origin)
        self._us = Application(client_id, client_secret)
        self._budget = budget
        self._wall = wall
        self._limits = limits or ClientLimits()
        self._monotonic = monotonic
        self.ends = math.inf
        """No call lasts longer than until then (a reading of `monotonic`)."""
        self.spent = Spent()
        """By this client; of one piece of work where it was made by `until`."""
        self._sleep = sleep
        self._transport = Transport(
            timeouts=timeouts or Timeouts(),
            max_bytes=self._limits.answer_bytes,
            user_agent=user_agent,
            monotonic=monotonic,
        )

    def until(self, moment: float) -> Self:
        """The same client for one piece of work: no call of it outlasts this moment (a reading of
        `monotonic`). One that would begin after it fails as one that timed out. A work that is
        bounded already stays so.
        """
        # A shallow copy: connections, budget and breaker stay those of the whole process.
        bounded = copy(self)
        bounded.ends = min(self.ends, moment)
        bounded.spent = Spent()
        return bounded

    def budget_wait(self) -> float | None:
        """Seconds until a call could be made; none is reserved. None while nobody knows."""
        return self._budget.wait()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._api!r}, {self._us!r})"

    def close(self) -> None:
        """Give the connections back."""
        self._transport.close()

    def _write(
        self,
        method: str,
        access: str,
        calendar_id: str,
        body: bytes,
        unanswered: Callable[[], None],
    ) -> None:
        url = f"{self._api}/v1/calendars/{quote(calendar_id, safe='')}/events"
        write = Call(method, "/v1/calendars/{id}/events", url, self._bearer(access), body)

        def once(call: Call, deadline: float) -> bytes:
            try:
                return self._once(call, deadline)
            except (Unavailable, BadAnswer):
                # A cut answer or a time-out: Cronofy may carry it out yet, however the next try
                # ends.
                unanswered()
                raise

        self._ask(write, self._deadline(), once=once)

    def _pages(self, kind: str, first: Call) -> list[FreeBusyPage]:
        """All pages of a read, before one deadline."""
        deadline = self._deadline()
        pages = [wire.read_page(self._ask(first, deadline), kind)]
        while following := self._following(pages, first):
            pages.append(self._page(kind, following, deadline))
        return pages

    def _following(self, pages: list[FreeBusyPage], first: Call) -> Call | None:
        """The call for the next page, None after the last.
        Raises BadAnswer when the pages make no sense together.
        """
        last = pages[-1]
        if last.current != len(pages):
            raise BadAnswer(
                f"{first} came back with page {last.current} as number {len(pages)}; read again"
                " later"
            )
        # Fewer pages than at first: some of what was promised is missing, and would be offered.
        # Some more are what is written while we read. Ever more of them: one account would use up
        # the budget of all.
        promised = pages[0].total
        if not promised <= last.total <= 2 * promised + 1:
            raise BadAnswer(
                f"{first} has {last.total} pages, and had {promised} when it began; read"
                " again later"
            )
        if self._is_too_much(pages):
            raise BadAnswer(
                f"{first} has more than a read may hold ({self._limits}); read fewer days, or raise"
                " the limits"
            )
        if last.next_page is None:
            return None
        path = origins.path_on(self._api, last.next_page)
        if path is None or not path.startswith((f"{first.template}/", f"{first.template}?")):
            # The bearer goes with it, so it goes nowhere but home.
            raise BadAnswer(
                f"{first} continues outside {self._api}{first.template}; not followed, read"
                " again later"
            )
        return Call("GET", f"{first.template}/pages/{{id}}", self._api + path, first.bearer)

    def _is_too_much(self, pages: list[FreeBusyPage]) -> bool:
        # A first page may promise any number of others: they are not fetched to find that out.
        if pages[-1].total > self._limits.pages:
            return True
        items = size = 0
        for page in pages:
            items += len(page.items)
            size += page.size
        return items > self._limits.items or size > self._limits.read_bytes

    def _page(self, kind: str, call: Call, deadline: float) -> FreeBusyPage:
        try:
            return wire.read_page(self._ask(call, deadline), kind)
        except NotFound:
            # Nobody documents how long a page lives; the account itself was found a moment ago. As
            # NotFound it would be permanent, and not tried again.
            pass
        raise BadAnswer(f"{call} is gone; read again from the first page")

    def _get(self, path: str, access: str) -> bytes:
        return self._ask(
            Call("GET", path, self._api + path, self._bearer(access)), self._deadline()
        )

    def _oauth(self, path: str, body: bytes, *, repeatable: bool = True) -> bytes:
        call = Call("POST", path, self._api + path, body=body, repeatable=repeatable)
        return self._ask(call, self._deadline())

    def _ask(
        self, call: Call, deadline: float, *, once: Callable[[Call, float], bytes] | None = None
    ) -> bytes:
        """The body of a success, after as many tries as the call and the deadline allow."""
        once = once or self._once
        began, waited = self._monotonic(), self.spent.budget
        try:
            if not call.repeatable:
                return once(call, deadline)
            policy = retries.policy(deadline, monotonic=self._monotonic, sleep=self._sleep)
            return policy(once, call, deadline)
        finally:
            in_turn = self.spent.budget - waited
            self.spent.calls += self._monotonic() - began - in_turn

    def _once(self, call: Call, deadline: float) -> bytes:
        # Each try is taken from the budget, not each call: Cronofy counts tries.
        asked = self._monotonic()
        self._budget.take(deadline)
        status, began = None, self._monotonic()
        self.spent.budget += began - asked
        try:
            answer = self._transport.exchange(call, deadline)
            status = answer.status
        finally:
            log.info(
                "cronofy_call",
                method=call.method,
                path=call.template,
                status=status,
                seconds=round(self._monotonic() - began, 4),
            )
        failure = refusal(call, answer, retries.retry_after(answer.retry_after, self._wall()))
        # The limit is the application's, so all workers wait.
        if isinstance(failure, RateLimited) and failure.retry_after:
            self._budget.pause(failure.retry_after)
        if failure:
            raise failure
        return answer.body

    def _deadline(self) -> float:
        return min(self._monotonic() + self._limits.deadline, self.ends)

    @staticmethod
    def _bearer(access: str) -> str:
        """The token, if it can stand in a header;
        the libraries' errors about one that cannot would quote it.
        """
        if not wire.is_token(access):
            raise Unauthorised("the access token has characters no token has; refresh it")
        return access
