"""The calls to Cronofy that coachcal needs, and no others.

Each takes from the shared budget, is retried when repeating it does no harm, and ends before its
deadline, in a value of ours or in a CronofyError. Tokens are handed in: this module keeps none.

Quirks: a code works once, so its exchange is never repeated; the refresh token is what has to be
revoked (the access token of official clients is not enough); creating a channel that exists returns
it; events that our own application wrote are hidden from free/busy unless asked for; a deletion has
a body.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from datetime import date
from typing import Self
from urllib.parse import quote

import structlog

from domain.accounts import Account
from domain.freebusy import Reading
from workers.budget import Allowance
from workers.cronofy import origins, retries, wire
from workers.cronofy.errors import (
    BadAnswer,
    InvalidGrant,
    NotFound,
    RateLimited,
    Unauthorised,
    Unavailable,
)
from workers.cronofy.refusals import refusal
from workers.cronofy.transport import Call, Timeouts, Transport
from workers.cronofy.wire import Channel, FreeBusyPage, Grant, ManagedEvent, Written, request_bodies
from workers.cronofy.wire.request_bodies import Application

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()

_TOKEN_PATH = "/oauth/token"  # noqa: S105 (a path, no password)
_FREE_BUSY = "/v1/free_busy"
_EVENTS = "/v1/events"


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


class Cronofy:
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
        bounded = copy(self)
        bounded.ends = min(self.ends, moment)
        return bounded

    def __repr__(self) -> str:
        return f"Cronofy({self._api!r}, {self._us!r})"

    def authorize_url(
        self,
        redirect_uri: str,
        state: str,
        *,
        scope: str,
        avoid_linking: bool = True,
        provider: str | None = None,
    ) -> str:
        """Where to send a person's browser so that they connect a calendar. Nothing is sent.

        `avoid_linking`: do not join it to an account which the same browser connected before.
          `provider`: a provider_name such as `google`, preselected.
        """
        query = request_bodies.authorization(
            self._us,
            redirect_uri,
            state,
            scope=scope,
            avoid_linking=avoid_linking,
            provider=provider,
        )
        return f"{self._app}/oauth/authorize?{query}"

    def exchange(self, code: str, redirect_uri: str) -> Grant:
        """A code for tokens. Sent once: after a time-out nobody knows, so have the person connect
        again.
        """
        asked = request_bodies.code_exchange(self._us, code, redirect_uri)
        grant = wire.read_grant(self._oauth(_TOKEN_PATH, asked, repeatable=False))
        if not grant.sub:
            raise BadAnswer("Cronofy does not say whose token that is; connect the account again")
        return grant

    def refresh(self, refresh_token: str) -> Grant:
        """A fresh access token. Keep the refresh token of the answer. InvalidGrant is final:
        connect again.
        """
        asked = request_bodies.token_refresh(self._us, refresh_token)
        return wire.read_grant(self._oauth(_TOKEN_PATH, asked), refresh_token=refresh_token)

    def revoke(self, token: str) -> None:
        """End all our access to the account of this refresh token. A dead token is no error (RFC
        7009).
        """
        self._oauth("/oauth/token/revoke", request_bodies.revocation(self._us, token))

    def ping(self) -> None:
        """Check origin, client id and secret without any account; InvalidClient or Unavailable tell
        what is wrong.

        A refresh with a token that cannot exist: who is told `invalid_grant` was known by id and
        secret.
        """
        try:
            self.refresh("coachcal-doctor-no-such-token")
        except InvalidGrant:
            return
        raise BadAnswer(
            "Cronofy accepted a refresh token that does not exist; check the API origin"
        )

    def userinfo(self, access: str) -> Account:
        return wire.read_userinfo(self._get("/v1/userinfo", access))

    def open_channel(self, access: str, callback_url: str) -> Channel:
        """Have the account's changes pushed to this URL. The same URL again returns the channel it
        has.
        """
        url, body = f"{self._api}/v1/channels", request_bodies.new_channel(callback_url)
        call = Call("POST", "/v1/channels", url, self._bearer(access), body)
        return wire.read_channel(self._ask(call, self._deadline()))

    def channels(self, access: str) -> tuple[Channel, ...]:
        """The account's open channels. One that Cronofy closed is missing here, and nothing else
        tells.
        """
        return wire.read_channels(self._get("/v1/channels", access))

    def close_channel(self, access: str, channel_id: str) -> None:
        """Stop a channel. One that is already gone is no error."""
        url = f"{self._api}/v1/channels/{quote(channel_id, safe='')}"
        call = Call("DELETE", "/v1/channels/{id}", url, self._bearer(access))
        try:
            self._ask(call, self._deadline())
        except NotFound:
            return

    def free_busy(self, access: str, *, since: date, until: date, zone: str) -> Reading:
        """What fills the account's calendars on the dates since <= d < until, as all pages say, or
        an error.

        `zone` (IANA) interprets the two dates. Events which we wrote ourselves are left out.
        """
        url = f"{self._api}{_FREE_BUSY}?{request_bodies.free_busy(since, until, zone)}"
        return wire.read_free_busy(
            self._pages("free_busy", Call("GET", _FREE_BUSY, url, self._bearer(access)))
        )

    def upsert_event(
        self,
        access: str,
        calendar_id: str,
        event: ManagedEvent,
        *,
        unanswered: Callable[[], None] = lambda: None,
    ) -> None:
        """Write an event of ours, or change the one that has its id. May be repeated: calendar and
        id are the key.

        `unanswered`: called for each try that brought no answer, or one that says nothing: whatever
          comes of the others, it may be carried out yet.

        Done means accepted: whether it is there, only `managed_events` tells. NotFound, or Rejected
        with a `calendar_id` key: this calendar takes no events any more.
        """
        self._write("POST", access, calendar_id, request_bodies.event(event), unanswered)

    def delete_event(
        self,
        access: str,
        calendar_id: str,
        event_id: str,
        *,
        unanswered: Callable[[], None] = lambda: None,
    ) -> None:
        """Take an event of ours away; accepted, or `unanswered`, as above. One that is already gone
        is no error; NotFound: no such calendar.
        """
        self._write("DELETE", access, calendar_id, request_bodies.event_id(event_id), unanswered)

    def managed_events(self, access: str, *, since: date, until: date) -> tuple[Written, ...]:
        """The events that we wrote ourselves, in all calendars of the account, on the UTC dates
        since <= d < until.
        """
        url = f"{self._api}{_EVENTS}?{request_bodies.managed_events(since, until)}"
        return wire.read_events(
            self._pages("events", Call("GET", _EVENTS, url, self._bearer(access)))
        )

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
        """The call for the next page, None after the last. Raises BadAnswer when the pages make no
        sense together.
        """
        last, limits = pages[-1], self._limits
        if last.current != len(pages):
            raise BadAnswer(
                f"{first} came back with page {last.current} as number {len(pages)}; read again"
                " later"
            )
        if (
            last.total > limits.pages
            or sum(len(page.items) for page in pages) > limits.items
            or sum(page.size for page in pages) > limits.read_bytes
        ):
            raise BadAnswer(
                f"{first} has more than a read may hold ({limits}); read fewer days, or raise"
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

    def _page(self, kind: str, call: Call, deadline: float) -> FreeBusyPage:
        try:
            return wire.read_page(self._ask(call, deadline), kind)
        except NotFound:
            # Nobody documents how long a page lives; the account itself was found a moment ago
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
        if not call.repeatable:
            return once(call, deadline)
        return retries.policy(deadline, monotonic=self._monotonic, sleep=self._sleep)(
            once, call, deadline
        )

    def _once(self, call: Call, deadline: float) -> bytes:
        self._budget.take(deadline)
        answer, began = None, self._monotonic()
        try:
            answer = self._transport.exchange(call, deadline)
        finally:
            log.info(
                "cronofy_call",
                method=call.method,
                path=call.template,
                status=answer.status if answer else None,
                seconds=round(self._monotonic() - began, 4),
            )
        failure = refusal(call, answer, retries.retry_after(answer.retry_after, self._wall()))
        if isinstance(failure, RateLimited) and failure.retry_after:
            self._budget.pause(
                failure.retry_after
            )  # the limit is the application's, so all workers wait
        if failure:
            raise failure
        return answer.body

    def _deadline(self) -> float:
        return min(self._monotonic() + self._limits.deadline, self.ends)

    @staticmethod
    def _bearer(access: str) -> str:
        """The token, if it can stand in a header; the libraries' errors about one that cannot would
        quote it.
        """
        if not wire.is_token(access):
            raise Unauthorised("the access token has characters no token has; refresh it")
        return access
