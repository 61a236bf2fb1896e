"""What the booking page says of what cannot be had."""

from collections.abc import Sequence

from flask import Response, render_template

from webhooks.http.context import parts
from webhooks.http.page_sessions import guest
from webhooks.http.permissions import May
from webhooks.pages.booking_query import Choice, zone_chosen

REFUSALS = (
    "slot_not_open",
    "participant_elsewhere",
    "seats_full",
    "already_seated",
    "format_forbids",
    "booking_ended",
    "pod_ended",
    "already_begun",
    "stale_version",
    "rebookings_used_up",
    "missed_used_up",
)


def refused_page(
    code: str,
    nearest: Sequence[int] = (),
    chosen: Choice | None = None,
    reason: str | None = None,
    *,
    lost: bool = False,
) -> Response:
    """409, plainly, with what can be had instead. `code` is the API's; its sentence is not shown,
    nor is the `reason` to those who are not told. `lost`: somebody else took it.
    """
    parts().refusals.tell(code, reason)
    if not guest().may(May.see_reasons):
        reason = None
    page = render_template(
        "pages/book_refused.html",
        code=code,
        lost=lost,
        reason=reason,
        nearest=nearest,
        chosen=chosen,
        zone=zone_chosen(),
        known_refusals=REFUSALS,
    )
    return Response(page, 409)
