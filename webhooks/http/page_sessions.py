"""Who is at a page: whoever followed a signed link, for two hours, as this one person and nobody
else.

A session is a signed cookie. Each page takes ids from its guest, and never from the request alone:
another's object is 404. Each form carries the session's CSRF token and comes from a page of ours.
"""

import hmac
import re
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

import structlog
from flask import Response, abort, g, request
from itsdangerous import BadData, URLSafeSerializer

from domain.coaches import ID
from domain.errors import Invalid
from domain.sessions import NO_CONTEXT, Booking, Context, Participant, Session
from webhooks.http import cookies, page_security
from webhooks.http.context import parts, runtime
from webhooks.http.permissions import NEEDS, RIGHTS, May, Viewer
from webhooks.http.translations import direction, language_of, say
from workers.settings import Settings

log = structlog.get_logger()

Purpose = Literal["settings", "booking"]
COOKIE = "coachcal-page"
OPEN = ("pages.static", "pages.redeem", "pages.zones_list")
STAFF = "staff_"
"""Begins the texts that are other ones for coaches and managers."""
HOMES: dict[Purpose, str] = {"settings": "/settings", "booking": "/book"}


@dataclass(frozen=True, slots=True)
class Guest:
    """`participant`: for whom bookings are; nobody at the settings, and where a coach or manager
    only looks.
    `zone`: in which times are told. `until`: epoch seconds.
    """

    purpose: Purpose
    viewer: Viewer
    coach_id: str
    participant: Participant | None
    context: Context
    booking_id: str | None
    return_url: str | None
    language: str
    zone: str
    csrf: str
    until: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of_json(cls, stored: dict[str, Any]) -> "Guest":
        who = stored["participant"]
        whole = {
            "participant": who and Participant(**who),
            "context": Context.of_json(stored["context"]),
        }
        return cls(**stored | whole)

    def here(self) -> bool:
        """Until their visit is over."""
        return self.until > runtime().services.now().timestamp()

    def may(self, right: May) -> bool:
        return right in RIGHTS[self.viewer]

    def zones_besides(self, zone: str) -> list[str]:
        """The zones of whoever looks and of whom is booked for, but for the one that times are told
        in.
        """
        own = [self.zone] if self.participant is None else [self.zone, self.participant.zone]
        return [each for each in dict.fromkeys(own) if each != zone]

    def belongs(self, pod: Session) -> bool:
        """A company's, project's or cohort's pod is for those whose link says that they belong to
        it; to managers, whatever lies in their own is too.
        """
        if pod.coach_id != self.coach_id:
            return False
        return pod.context.covers(self.context) or (
            self.viewer == "manager" and self.context.covers(pod.context)
        )

    def knows_people(self, session: Session) -> bool:
        """Whether they may see who takes part in it."""
        if session.coach_id != self.coach_id or not self.may(May.see_people):
            return False
        return self.viewer == "coach" or (session.pod and self.context.covers(session.context))

    def handles(self, booking: Booking, session: Session) -> bool:
        """Whether they may see this booking by itself, and change it."""
        if session.coach_id != self.coach_id:
            return False
        if self.participant is None or booking.participant.id != self.participant.id:
            return self.may(May.run_sessions) and not session.pod
        return self.viewer != "manager" or self.belongs(session)


NOBODY = Guest("booking", "participant", "", None, NO_CONTEXT, None, None, "en", "UTC", "", 0)


def signer(settings: Settings, purpose: str) -> URLSafeSerializer:
    return page_security.signer(settings, b"pages", f"pages {purpose}")


def admit() -> None:
    """Before every page: who it is, whether it is theirs, and whether what they send came from a
    form of ours.
    """
    g.guest = NOBODY
    parts().limits.admit(request.environ)
    if request.endpoint in OPEN:
        return
    if _is_consent():
        g.guest = at_settings() or NOBODY
        return
    known = _signed()
    g.guest = known if known is not None and known.here() else NOBODY
    if not request.path.startswith(HOMES[g.guest.purpose]) or not g.guest.coach_id:
        log.warning("page_refused", reason="no session", page=request.endpoint)
        g.guest = _gone(known)
        abort(401, "session_over")
    needed = NEEDS.get(request.endpoint or "")
    if needed is not None and not g.guest.may(needed):
        log.warning("page_refused", reason=f"may not {needed}", page=request.endpoint)
        abort(404, "not_here")
    if request.method == "POST":
        _check_form()
    for value in (request.view_args or {}).values():
        if not re.fullmatch(ID, value):
            abort(404, "not_here")


def at_settings() -> Guest | None:
    """Whoever asks, outside of the pages, if they are a coach with a session at the settings."""
    found = _guest()
    return found if found is not None and found.purpose == "settings" else None


def guest() -> Guest:
    """Whom `admit` let pass."""
    return cast(Guest, g.guest)


def language() -> str:
    """What this guest is spoken to in; a stranger, what their browser asks for."""
    here = g.get("guest", NOBODY)
    if here is NOBODY:
        return language_of(*request.accept_languages.values())
    return language_of(here.language)


def known() -> dict[str, Any]:
    """What every template knows; `say(key, **values)` is the text in the guest's language, put for
    whoever it is.
    """
    spoken = language()
    here = g.get("guest", NOBODY)
    told = "" if here.viewer == "participant" else STAFF

    def said(key: str, **values: object) -> str:
        return say(spoken, key, told, **values)

    left = max(0, here.until - int(runtime().services.now().timestamp()))
    return {
        "guest": here,
        "csrf": here.csrf,
        "language": spoken,
        "direction": direction(spoken),
        "say": said,
        "seconds_left": left,
    }


def with_cookie(response: Response, newcomer: Guest) -> Response:
    return cookies.put_cookie(
        response, cookies.cookie_name(COOKIE), cookie_of(newcomer), cookies.KNOWN
    )


def cookie_of(newcomer: Guest) -> str:
    value = signer(runtime().settings, "session").dumps(newcomer.as_json())
    assert isinstance(value, str)  # noqa: S101 (a URLSafeSerializer makes text)
    return value


def guard(response: Response) -> Response:
    """After every page: nothing inline, nothing from elsewhere, and framed only by whom the
    settings name.
    """
    embedding = None if _is_consent() else runtime().settings.embed_origins
    framers = " ".join(embedding or ("'none'",))
    response.headers["Content-Security-Policy"] = page_security.policy(framers)
    if request.endpoint != "pages.redeem":  # whose address is a secret
        response.headers["Referrer-Policy"] = page_security.REFERRER
    return response


def _is_consent() -> bool:
    """A page where somebody agrees to something, with a session or without: nobody frames it."""
    return (request.endpoint or "").startswith("pages.consent_")


def _guest() -> Guest | None:
    found = _signed()
    return found if found is not None and found.here() else None


def _signed() -> Guest | None:
    """Whose cookie it is, be their visit over."""
    try:
        value = request.cookies.get(cookies.cookie_name(COOKIE), "")
        return Guest.of_json(signer(runtime().settings, "session").loads(value))
    except (BadData, Invalid, KeyError, TypeError):
        return None


def _gone(known: Guest | None) -> Guest:
    """Nobody any more: of their visit the language is left, and the way back."""
    if known is None:
        return NOBODY
    return replace(NOBODY, language=known.language, return_url=known.return_url)


def _check_form() -> None:
    if page_security.foreign_origin():
        log.warning("page_refused", reason="foreign origin", page=request.endpoint)
        abort(403, "foreign_form")
    sent = request.form.get("csrf", "")
    if not hmac.compare_digest(sent.encode(), guest().csrf.encode()):
        log.warning("page_refused", reason="csrf", page=request.endpoint)
        abort(403, "foreign_form")
