"""The calls to Cronofy that coachcal needs, and no others.

Each takes from the shared budget, is retried when repeating it does no harm, and ends before its
deadline, in a value of ours or in a CronofyError. Tokens are handed in: this module keeps none.

Quirks: a code works once, so its exchange is never repeated; the refresh token is what has to be
revoked (the access token of official clients is not enough); creating a channel that exists returns
it; events that our own application wrote are hidden from free/busy unless asked for; a deletion has
a body.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from urllib.parse import quote

from domain.accounts import Account
from domain.freebusy import Reading
from workers.cronofy import wire
from workers.cronofy.calls import Caller
from workers.cronofy.errors import (
    BadAnswer,
    InvalidGrant,
    NotFound,
)
from workers.cronofy.transport import Call
from workers.cronofy.wire import Channel, Grant, ManagedEvent, Written, request_bodies

_TOKEN_PATH = "/oauth/token"  # noqa: S105 (a path, no password)
_FREE_BUSY = "/v1/free_busy"
_EVENTS = "/v1/events"
_CONFERENCING = "/v1/conferencing_service_authorizations"


class Cronofy(Caller):
    """The calls of one application at one data centre. Safe to share between threads.

    All methods raise CronofyError (`errors` draws the tree); `permanent` tells whether to try again
    later.
    """

    def authorize_url(
        self,
        redirect_uri: str,
        state: str,
        *,
        scope: str,
        provider: str | None = None,
    ) -> str:
        """Where to send a person's browser so that they connect a calendar. Nothing is sent.

        `provider`: a provider_name such as `google`, preselected. It is not joined to an account
        which the same browser connected before.
        """
        query = request_bodies.authorization(
            self._us,
            redirect_uri,
            state,
            scope=scope,
            provider=provider,
        )
        return f"{self._app}/oauth/authorize?{query}"

    def exchange(self, code: str, redirect_uri: str) -> Grant:
        """A code for tokens.
        Sent once: after a time-out nobody knows, so have the person connect again.
        """
        asked = request_bodies.code_exchange(self._us, code, redirect_uri)
        # A second try of a code that was spent is told `invalid_grant`, which would hide that the
        # first one may have gone well.
        grant = wire.read_grant(self._oauth(_TOKEN_PATH, asked, repeatable=False))
        if not grant.sub:
            raise BadAnswer("Cronofy does not say whose token that is; connect the account again")
        return grant

    def refresh(self, refresh_token: str) -> Grant:
        """A fresh access token. Keep the refresh token of the answer.
        InvalidGrant is final: connect again.
        """
        asked = request_bodies.token_refresh(self._us, refresh_token)
        return wire.read_grant(self._oauth(_TOKEN_PATH, asked), refresh_token=refresh_token)

    def revoke(self, token: str) -> None:
        """End all our access to the account of this refresh token.
        A dead token is no error (RFC 7009).
        """
        self._oauth("/oauth/token/revoke", request_bodies.revocation(self._us, token))

    def ping(self) -> None:
        """Check origin, client id and secret without any account; InvalidClient or Unavailable tell
        what is wrong.

        A refresh with a token that cannot exist: who is told `invalid_grant` was known by id and
        secret.
        """
        # No call of Cronofy's asks for the client alone. This one changes nothing and needs nobody.
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
        """Have the account's changes pushed to this URL.
        The same URL again returns the channel it has.
        """
        url, body = f"{self._api}/v1/channels", request_bodies.new_channel(callback_url)
        # A POST that may be repeated: Cronofy gets or creates, by URL and filters.
        call = Call("POST", "/v1/channels", url, self._bearer(access), body)
        return wire.read_channel(self._ask(call, self._deadline()))

    def channels(self, access: str) -> tuple[Channel, ...]:
        """The account's open channels.
        One that Cronofy closed is missing here, and nothing else tells.
        """
        return wire.read_channels(self._get("/v1/channels", access))

    def close_channel(self, access: str, channel_id: str) -> None:
        """Stop a channel. One that is already gone is no error."""
        url = f"{self._api}/v1/channels/{quote(channel_id, safe='')}"
        call = Call("DELETE", "/v1/channels/{id}", url, self._bearer(access))
        # Closed silently after a day of failures, or by a try of ours whose answer was cut.
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
        calls: str | None = None,
        unanswered: Callable[[], None] = lambda: None,
    ) -> None:
        """Write an event of ours, or change the one that has its id. May be repeated: calendar and
        id are the key.

        `calls`: the address below which Cronofy tells what becomes of the event's link.

        `unanswered`: called for each try that brought no answer, or one that says nothing: whatever
          comes of the others, it may be carried out yet.

        Done means accepted: whether it is there, only `managed_events` tells. NotFound, or Rejected
        with a `calendar_id` key: this calendar takes no events any more.
        """
        self._write("POST", access, calendar_id, request_bodies.event(event, calls), unanswered)

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

    def conferencing_page(self, access: str, redirect_uri: str) -> str:
        """Where to send a person's browser so that they connect Zoom, Teams or another such
        service; they come back to `redirect_uri`.
        """
        url = f"{self._api}{_CONFERENCING}"
        body = request_bodies.conferencing_authorization(redirect_uri)
        # A POST that may be repeated: it asks for a page, and changes nothing.
        call = Call("POST", _CONFERENCING, url, self._bearer(access), body)
        page = wire.read_conferencing_page(self._ask(call, self._deadline()))
        if not page.startswith((f"{self._app}/", "https://")):
            raise BadAnswer("Cronofy names no page of its own for conferencing; try again later")
        return page

    def accept_event(self, access: str, calendar_id: str, event_uid: str) -> None:
        """Take back that the account's owner declined an event. Accepted, as above; NotFound: there
        is no such event.
        """
        path = "/v1/calendars/{id}/events/{uid}/participation_status"
        place = f"{quote(calendar_id, safe='')}/events/{quote(event_uid, safe='')}"
        url = f"{self._api}/v1/calendars/{place}/participation_status"
        body = request_bodies.participation("accepted")
        self._ask(Call("POST", path, url, self._bearer(access), body), self._deadline())

    def managed_events(self, access: str, *, since: date, until: date) -> tuple[Written, ...]:
        """The events that we wrote ourselves,
        in all calendars of the account, on the UTC dates since <= d < until.
        """
        return self._managed_events(access, since, until, moved=False)

    def touched_events(self, access: str, *, since: date, until: date) -> tuple[Written, ...]:
        """The same, with those that were moved away from these dates."""
        return self._managed_events(access, since, until, moved=True)

    def _managed_events(
        self, access: str, since: date, until: date, *, moved: bool
    ) -> tuple[Written, ...]:
        url = f"{self._api}{_EVENTS}?{request_bodies.managed_events(since, until, moved=moved)}"
        pages = self._pages("events", Call("GET", _EVENTS, url, self._bearer(access)))
        return wire.read_events(pages)
