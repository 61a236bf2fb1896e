"""Who is at a page: whoever followed a signed link, for two hours, as this one person and nobody
else.

A session is a signed cookie (`signed_sessions`). Each page takes ids from its guest, and never from
the request alone: another's object is 404.
"""

from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, cast

import structlog
from babel import Locale
from flask import Response, abort, g, request

from domain.brands import Brand
from domain.mail.choice import canonical, default_language
from domain.sessions import NO_CONTEXT, Booking, Context, Participant, Session
from storage.rows import brands, links
from storage.schema import doorways
from storage.schema.database import Tx
from storage.schema.outages import Unavailable
from webhooks.http import page_security
from webhooks.http.context import parts, runtime
from webhooks.http.cookies import KNOWN
from webhooks.http.permissions import NEEDS, RIGHTS, May, Viewer
from webhooks.http.signed_sessions import (
    SessionKind,
    form_is_ours,
    holds_a_nul,
    ids_are_well_formed,
    is_over,
)
from webhooks.http.translations import direction, say
from workers.mailer.times import locale_of

log = structlog.get_logger()

Purpose = Literal["settings", "booking"]
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

    @property
    def participant_id(self) -> str | None:
        return None if self.participant is None else self.participant.id

    def may(self, right: May) -> bool:
        return right in RIGHTS[self.viewer]

    def zones_besides(self, zone: str) -> list[str]:
        """The zones of whoever looks and of whom is booked for, but for the one that times are told
        in.
        """
        own = [self.zone]
        if self.participant is not None and self.participant.zone != self.zone:
            own.append(self.participant.zone)
        return [each for each in own if each != zone]

    def belongs(self, pod: Session) -> bool:
        """A company's, project's or cohort's pod is for those whose link says that they belong to
        it; to managers, whatever lies in their own is too.
        """
        if pod.coach_id != self.coach_id:
            return False
        if self.viewer == "manager" and self.context.covers(pod.context):
            return True
        return pod.context.covers(self.context)

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


SESSIONS = SessionKind(
    family=b"pages",
    salt="pages",
    cookie="coachcal-page",
    life=KNOWN,
    framed=True,
    of_json=Guest.of_json,
)
signer = SESSIONS.signer


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
    known = SESSIONS.signed()
    if known is not None and not is_over(known):
        # Before the database is asked: a page that says that it is away speaks their language.
        g.guest = known
        if not _stands(known):
            g.guest = NOBODY
    if not request.path.startswith(HOMES[g.guest.purpose]) or not g.guest.coach_id:
        log.warning("page_refused", reason="no session", page=request.endpoint)
        g.guest = _gone(known)
        abort(401, "session_over")
    doorways.enter("page", g.guest.viewer)
    needed = NEEDS.get(request.endpoint or "")
    if needed is not None and not g.guest.may(needed):
        log.warning("page_refused", reason=f"may not {needed}", page=request.endpoint)
        abort(404, "not_here")
    if request.method == "POST" and not form_is_ours(guest().csrf):
        abort(403, "foreign_form")
    if not ids_are_well_formed():
        abort(404, "not_here")
    # The settings tell beside its field what is wrong, and ask no database for what was sent.
    if g.guest.purpose == "booking" and holds_a_nul():
        abort(422, "not_understood")


def at_settings() -> Guest | None:
    """Whoever asks, outside of the pages, if they are a coach with a session at the settings."""
    found = SESSIONS.find()
    if found is None or found.purpose != "settings" or not _stands(found):
        return None
    return found


def _stands(known: Guest) -> bool:
    """A cookie cannot be taken back: whoever was erased since would be known by theirs for two
    hours more, and could book anew.
    """
    with runtime().services.database.read() as tx:
        return links.stands(tx, known.coach_id, known.participant_id, known.until)


def keep(tx: Tx) -> None:
    """Before a page writes about its guest: an erasure that begins meanwhile waits for this
    transaction, and finds what it wrote.
    """
    here = guest()
    if not links.stands(tx, here.coach_id, here.participant_id, here.until, lock=True):
        abort(401, "session_over")


def guest() -> Guest:
    """Whom `admit` let pass."""
    return cast(Guest, g.guest)


def language() -> str:
    """What this guest is spoken to in; a stranger, what their browser asks for."""
    here = g.get("guest", NOBODY)
    if here is NOBODY:
        return default_language(*request.accept_languages.values())
    return default_language(here.language)


def reader() -> Locale:
    """The page's language as it is spoken where its reader is: that says which clock and which
    order of dates. As the link has it, or the participant's mails; where they name no region, as
    their browser has it; where that names none, as is usual in the language.
    """
    here, spoken = g.get("guest", NOBODY), language()
    tags = [here.language]
    if here.participant is not None and here.viewer == "participant":
        tags.append(here.participant.language)
    for tag in (*tags, *request.accept_languages.values()):
        same = canonical(tag).partition("-")[0] == canonical(spoken).partition("-")[0]
        found = locale_of(tag, spoken)
        if same and found.territory is not None:
            return found
    return locale_of(spoken, spoken)


def known() -> dict[str, Any]:
    """What every template knows; `say(key, **values)` is the text in the guest's language, put for
    whoever it is.
    """
    spoken = language()
    here = g.get("guest", NOBODY)
    tone = STAFF
    if here.viewer == "participant":
        tone = ""

    def said(key: str, **values: object) -> str:
        return say(spoken, key, tone, **values)

    left = max(0, here.until - int(runtime().services.now().timestamp()))
    return {
        "guest": here,
        "csrf": here.csrf,
        "language": spoken,
        "reader": reader(),
        "direction": direction(spoken),
        "say": said,
        "seconds_left": left,
        "brand_here": brand_here,
    }


def brand_here() -> Brand:
    """What the page looks like: as the company of the link has set it, but for the settings, which
    are the coach's own.
    """
    if "brand" not in g:
        g.brand = _brand(g.get("guest", NOBODY))
    found: Brand = g.brand
    return found


def _brand(here: Guest) -> Brand:
    usual = runtime().settings.brand
    if here.purpose == "settings" or here.context.company is None:
        return usual
    try:
        with runtime().services.database.read() as tx:
            return brands.of_company(tx, here.context.company).over(usual)
    except Unavailable:  # the page may be the very one that says so
        return usual


def guard(response: Response) -> Response:
    """After every page: nothing inline, nothing from elsewhere, and framed only by whom the
    settings name.
    """
    framers = page_security.NO_FRAMER
    embedding = runtime().settings.embed_origins
    if embedding and not _is_consent():
        framers = " ".join(embedding)
    response.headers["Content-Security-Policy"] = page_security.policy(framers)
    if request.endpoint != "pages.redeem":  # whose address is a secret
        response.headers["Referrer-Policy"] = page_security.REFERRER
    return response


def _is_consent() -> bool:
    """A page where somebody agrees to something, with a session or without: nobody frames it."""
    return (request.endpoint or "").startswith("pages.consent_")


def _gone(known: Guest | None) -> Guest:
    """Nobody any more: of their visit the language is left, the way back, and the looks."""
    if known is None:
        return NOBODY
    return replace(
        NOBODY,
        purpose=known.purpose,
        context=known.context,
        language=known.language,
        return_url=known.return_url,
    )
