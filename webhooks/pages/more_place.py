"""Where the coach's new sessions are: a section of the page "More settings"."""

from dataclasses import replace
from typing import cast

from domain import places as rules
from domain.coaches import Coach
from domain.errors import Invalid
from domain.places import Kind, Place
from storage.schema.database import Tx
from storage.transactions import coach_settings
from storage.transactions.coach_settings import CoachChange
from webhooks.http.context import runtime
from webhooks.http.page_sessions import guest
from webhooks.pages.more_sections import Form, Section, Sent, Values

CHOSEN: tuple[Kind, ...] = ("conferencing", "url", "phone", "address")
"""In this order. Only the platform knows its own links: that kind is offered to who has it."""
TYPED: tuple[Kind, ...] = ("url", "phone", "address", "platform")


def _shown(_tx: Tx, coach: Coach, typed: Form | None) -> Values:
    kind, value = "", ""
    if coach.place is not None:
        kind, value = coach.place.kind, coach.place.value or ""
    if typed is not None:
        kind, value = typed.get("kind", ""), typed.get("value", "")
    elif kind not in TYPED:
        value = ""
    return {"kind": kind, "value": value, "kinds": _offered(coach)}


def _offered(coach: Coach) -> list[Kind]:
    """What neither the deployment nor the coach forbids, and what is chosen already."""
    deployment = runtime().settings.places
    offered = []
    for kind in CHOSEN:
        if deployment.allows(kind) and (not coach.place_kinds or kind in coach.place_kinds):
            offered.append(kind)
    if coach.place is not None and coach.place.kind not in offered:
        offered.append(coach.place.kind)
    return offered


def _save(tx: Tx, sent: Sent) -> CoachChange:
    kind, value = sent.form.get("kind", ""), sent.form.get("value", "")

    def change(coach: Coach | None) -> Coach:
        if coach is None:
            raise Invalid("place.kind", "unknown_coach", "This coach was removed meanwhile.")
        place = _place(coach, kind, value)
        if place is not None:
            rules.check((runtime().settings.places,), place)
        changed = replace(coach, place=place)
        if kind and kind not in _offered(coach):
            raise Invalid("place.kind", "unknown_word", "Choose one of those that are offered.")
        return changed

    return coach_settings.put_coach(
        tx, guest().coach_id, change, expected=sent.version, now=runtime().services.now()
    )


def _place(coach: Coach, kind: str, value: str) -> Place | None:
    """Raises Invalid."""
    if not kind:
        return None
    if kind == "conferencing":
        # Whose video calls they are is chosen elsewhere: it stays.
        if coach.place is not None and coach.place.kind == kind:
            return coach.place
        return Place("conferencing")
    return Place(cast(Kind, kind), value)


SECTION = Section("place", _shown, _save)
