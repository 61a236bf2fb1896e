"""Every route on one page: what it is, who may ask, what it takes, and how it answers
or refuses.
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from apiflask import APIFlask

from domain.coaches import ID
from webhooks.api import (
    badges,
    bookings,
    brand_files,
    brands,
    change_rules,
    coach_batches,
    coach_states,
    coaches,
    conferencing,
    connect,
    connections,
    docs,
    feeds,
    health,
    history,
    holds,
    holidays,
    links,
    lists,
    mail_replies,
    mail_texts,
    mails,
    notifications,
    people,
    places,
    pools,
    sessions,
    slots,
    withheld_addresses,
)
from webhooks.api.links import LinkIn, LinkOut
from webhooks.api.list_files import WHOLE
from webhooks.api.pod_routes import POD_ROUTES
from webhooks.api.route import BOOKS, Route, View
from webhooks.api.schemas.absences import HolidayPlacesOut, HolidaysQuery
from webhooks.api.schemas.booking_requests import (
    AttendanceIn,
    BookingIn,
    CancelIn,
    HoldIn,
    RebookIn,
    SettleIn,
)
from webhooks.api.schemas.booking_responses import (
    BookingOut,
    HoldOut,
    SessionOut,
)
from webhooks.api.schemas.brands import BrandIn, BrandOut
from webhooks.api.schemas.change_rules import ChangeRulesIn, ChangeRulesOut
from webhooks.api.schemas.coach_batches import CoachesIn, CoachesPutOut, EraseQuery
from webhooks.api.schemas.coach_lists import CoachesQuery, CoachListOut, MailersOut, MailersQuery
from webhooks.api.schemas.feeds import FeedIn, FeedsOut, FeedsQuery, NewFeedOut
from webhooks.api.schemas.history import HistoryOut
from webhooks.api.schemas.lists import BookingsOut, BookingsQuery, SessionsOut, SessionsQuery
from webhooks.api.schemas.mail_replies import ReplyOut
from webhooks.api.schemas.mail_texts import (
    AddressIn,
    MailsOut,
    MailTextIn,
    MailTextOut,
    PreviewIn,
    PreviewOut,
    ReleasedOut,
    SendingOut,
    WithheldListOut,
)
from webhooks.api.schemas.places import PlaceChange, PlacesIn, PlacesOut
from webhooks.api.schemas.requests import (
    CalendarsIn,
    CoachIn,
    ConnectIn,
    HoursIn,
    OverridesIn,
    PoolQuery,
    SlotsQuery,
    TilesQuery,
)
from webhooks.api.schemas.responses import (
    Accepted,
    Alive,
    CoachOut,
    ConnectOut,
    HoursOut,
    OverridesOut,
    PersonalData,
    PoolOut,
    ReadyOut,
    SlotsOut,
    TilesOut,
)
from webhooks.api.webhook_routes import WEBHOOK_ROUTES
from webhooks.http import auth, versions
from webhooks.http.entity_tags import located, refuse_unheeded, tagged
from webhooks.http.problems import RefusedRequest

COACH = "/v1/coaches/<coach_id>"
CONNECTION = f"{COACH}/connections/<connection_id>"
BOOKINGS = "/v1/bookings"
BOOKING = f"{BOOKINGS}/<booking_id>"
PARTICIPANT = "/v1/participants/<participant_id>"
ERASES = ("people:erase",)
MAILER = "/v1/mailers/<scope>/<scope_id>/<kind>/<language>"
MAILS = ("mailers:write",)
BRAND = "/v1/brands/<company_id>"
PLACES = "/v1/places/<scope>/<scope_id>"
RULES = "/v1/change_rules/<scope>/<scope_id>"
FORCES = ("bookings:force",)
OPS = ("ops",)
OPS_READS = ("ops", "ops:read")

# fmt: off
ROUTES = (
    Route("POST", notifications.PATH, notifications.receive, answers=(204,),
          refuses=(400, 401, 404, 413, 415)),
    Route("POST", conferencing.PATH, conferencing.receive, answers=(204,),
          refuses=(401, 404, 413)),
    Route("GET", "/v1/coaches", lists.coaches, ("coaches:read",), query=CoachesQuery,
          answer=CoachListOut, also=WHOLE),
    Route("GET", "/v1/coach_states", coach_states.show, ("coaches:read",), query=TilesQuery,
          answer=TilesOut),
    Route("PUT", "/v1/coaches", coach_batches.put_many, ("coaches:write",), CoachesIn,
          answer=CoachesPutOut),
    Route("GET", COACH, coaches.show, ("coaches:read",), answer=CoachOut, refuses=(404,)),
    Route("PUT", COACH, coaches.put, ("coaches:write",), CoachIn, answer=CoachOut,
          answers=(200, 201), refuses=(409,)),
    Route("GET", f"{COACH}/badge.svg", badges.show, query=badges.BadgeQuery, answers=(200, 304),
          media=badges.SVG, refuses=(404, 422, 503)),
    Route("GET", f"{COACH}/hours", coaches.show_hours, ("coaches:read",), answer=HoursOut,
          refuses=(404,)),
    Route("PUT", f"{COACH}/hours", coaches.put_hours, ("coaches:write",), HoursIn, answer=HoursOut,
          refuses=(404, 409)),
    Route("GET", f"{COACH}/overrides", coaches.show_overrides, ("coaches:read",),
          answer=OverridesOut, refuses=(404,)),
    Route("PUT", f"{COACH}/overrides", coaches.put_overrides, ("coaches:write",), OverridesIn,
          answer=OverridesOut, refuses=(404, 409)),
    Route("GET", "/v1/holidays", holidays.show, ("coaches:read",), query=HolidaysQuery,
          answer=HolidayPlacesOut),
    Route("GET", slots.PATH, slots.show, slots.READS, query=SlotsQuery, answer=SlotsOut,
          answers=(200, 304), refuses=(404,)),
    Route("GET", "/v1/slots", pools.show, slots.READS, query=PoolQuery, answer=PoolOut,
          answers=(200, 304), refuses=(404,)),
    Route("POST", f"{COACH}/connect", connect.begin, ("coaches:write",), ConnectIn,
          answer=ConnectOut, refuses=(404,)),
    Route("PUT", f"{CONNECTION}/calendars", connections.put_calendars, ("coaches:write",),
          CalendarsIn, answer=CoachOut, refuses=(404, 409)),
    Route("DELETE", CONNECTION, connections.disconnect, ("coaches:write",), answer=Accepted,
          answers=(202,), refuses=(404,)),
    Route("POST", BOOKINGS, bookings.create, BOOKS, BookingIn, answer=BookingOut,
          answers=(201,), refuses=(404, 409), once=True, location=f"{BOOKINGS}/{{id}}"),
    Route("GET", BOOKINGS, lists.bookings, ("bookings:read",), query=BookingsQuery,
          answer=BookingsOut, also=WHOLE),
    Route("GET", BOOKING, bookings.show, ("bookings:read",), answer=BookingOut, refuses=(404,)),
    Route("POST", f"{BOOKING}/rebook", bookings.rebook, BOOKS, RebookIn, answer=BookingOut,
          refuses=(404, 409), once=True),
    Route("POST", f"{BOOKING}/cancel", bookings.cancel, BOOKS, CancelIn, answer=BookingOut,
          refuses=(404, 409), once=True),
    Route("POST", "/v1/holds", holds.create, BOOKS, HoldIn, answer=HoldOut, answers=(201,),
          refuses=(404, 409), once=True, location="/v1/holds/{id}"),
    Route("DELETE", "/v1/holds/<hold_id>", holds.release, BOOKS, answers=(204,), refuses=(404,),
          once=True),
    *POD_ROUTES,
    *WEBHOOK_ROUTES,
    Route("GET", "/v1/sessions", sessions.show, ("bookings:read",), query=SessionsQuery,
          answer=SessionsOut, also=WHOLE, refuses=(404,)),
    Route("POST", "/v1/sessions/<session_id>/attendance", sessions.report_attendance, BOOKS,
          AttendanceIn, answer=SessionOut, refuses=(404, 409), once=True),
    Route("POST", "/v1/sessions/<session_id>/event/settle", sessions.settle_event, BOOKS, SettleIn,
          answer=SessionOut, refuses=(404, 409), once=True),
    Route("POST", mail_replies.PATH, mail_replies.take, BOOKS, answer=ReplyOut, refuses=(404,),
          files=(mail_replies.MAIL,)),
    Route("GET", f"{BOOKING}/history", history.show, ("bookings:read",), answer=HistoryOut,
          refuses=(404,), past_states=True),
    Route("GET", f"{BOOKING}/mails", mails.show, ("bookings:read",), answer=MailsOut,
          refuses=(404,)),
    Route("POST", f"{BOOKING}/mails/<kind>/send", mails.send, BOOKS, answer=SendingOut,
          answers=(202,), refuses=(404, 409), once=True),
    Route("GET", "/v1/mailers", lists.mailers, MAILS, query=MailersQuery,
          answer=MailersOut, also=WHOLE),
    Route("GET", MAILER, mail_texts.show, MAILS, answer=MailTextOut, refuses=(404,)),
    Route("PUT", MAILER, mail_texts.put, MAILS, MailTextIn, answer=MailTextOut, once=True),
    Route("DELETE", MAILER, mail_texts.delete, MAILS, answers=(204,), refuses=(404,), once=True),
    Route("POST", f"{MAILER}/preview", mail_texts.preview, MAILS, PreviewIn, answer=PreviewOut),
    Route("GET", BRAND, brands.show, MAILS, answer=BrandOut, refuses=(404,)),
    Route("PUT", BRAND, brands.put, MAILS, BrandIn, answer=BrandOut, once=True),
    Route("DELETE", BRAND, brands.delete, MAILS, answers=(204,), refuses=(404,), once=True),
    Route("PUT", f"{BRAND}/logo", brands.put_logo, MAILS, answer=BrandOut, once=True,
          files=(brands.PNG,)),
    Route("DELETE", f"{BRAND}/logo", brands.delete_logo, MAILS, answers=(204,), refuses=(404,),
          once=True),
    Route("GET", PLACES, places.show, MAILS, answer=PlacesOut, refuses=(404,)),
    Route("PUT", PLACES, places.put, MAILS, PlacesIn, answer=PlacesOut, once=True),
    Route("DELETE", PLACES, places.delete, MAILS, answers=(204,), refuses=(404,), once=True),
    Route("PUT", "/v1/sessions/<session_id>/place", places.change, BOOKS, PlaceChange,
          answer=SessionOut, refuses=(404, 409), once=True, alone=True),
    Route("GET", RULES, change_rules.show, FORCES, answer=ChangeRulesOut, refuses=(404,)),
    Route("PUT", RULES, change_rules.put, FORCES, ChangeRulesIn, answer=ChangeRulesOut, once=True),
    Route("DELETE", RULES, change_rules.delete, FORCES, answers=(204,), refuses=(404,), once=True),
    Route("GET", "/brand/<digest>.png", brand_files.logo, documented=False),
    Route("GET", "/brand/<colour>.css", brand_files.shades, documented=False),
    Route("GET", withheld_addresses.PATH, withheld_addresses.show, OPS_READS,
          answer=WithheldListOut),
    Route("DELETE", f"{withheld_addresses.PATH}/<withheld_id>", withheld_addresses.release, OPS,
          answer=ReleasedOut, refuses=(404,), once=True),
    Route("POST", f"{withheld_addresses.PATH}/release", withheld_addresses.release_address, OPS,
          AddressIn, answer=ReleasedOut, refuses=(404,), once=True),
    Route("POST", "/v1/links", links.create, ("links:write",), LinkIn, answer=LinkOut,
          answers=(201,), refuses=(404,)),
    Route("POST", feeds.PATH, feeds.create, ("links:write",), FeedIn, answer=NewFeedOut,
          answers=(201,), refuses=(404, 409), location=f"{feeds.PATH}/{{id}}"),
    Route("GET", feeds.PATH, feeds.show, ("links:write",), query=FeedsQuery, answer=FeedsOut),
    Route("DELETE", f"{feeds.PATH}/<feed_id>", feeds.revoke, ("links:write",), answers=(204,),
          refuses=(404,)),
    Route("GET", feeds.FILE, feeds.read, answers=(200, 304), media="text/calendar",
          refuses=(404,)),
    Route("GET", f"{COACH}/data", people.export_coach, ERASES, answer=PersonalData, refuses=(404,)),
    Route("DELETE", COACH, people.erase_coach, ERASES, query=EraseQuery, answer=Accepted,
          answers=(202,), refuses=(404, 409)),
    Route("GET", f"{PARTICIPANT}/data", people.export_participant, ERASES, answer=PersonalData,
          refuses=(404,)),
    Route("DELETE", PARTICIPANT, people.erase_participant, ERASES, answer=Accepted, answers=(202,),
          refuses=(404,)),
    Route("GET", health.PATH, health.alive, answer=Alive),
    Route("GET", "/readyz", health.ready, answer=ReadyOut, answers=(200, 503)),
    Route("GET", "/metrics", health.metrics),
    Route("GET", "/docs", docs.show, documented=False),
)
# fmt: on
COUNTED_ELSEWHERE = frozenset(
    route.name
    for route in ROUTES
    if route.scopes or route.path in (notifications.PATH, conferencing.PATH, health.PATH)
)
"""Endpoints that count their requests themselves, by the key; or, well signed pushes and health,
not at all.
"""


def register(app: APIFlask, document: Callable[[APIFlask, Route, View], View]) -> None:
    """Add every route: first the key is checked, then what was sent; what the view answers is
    written as its model.
    """
    for route in ROUTES:
        view = route.view
        if route.answer is not None and not route.once:
            view = app.output(route.answer, status_code=route.answers[0])(view)
        if route.body is not None:
            view = app.input(route.body, location="json", arg_name="body")(view)
        if route.query is not None:
            view = app.input(route.query, location="query", arg_name="query")(view)
        if route.dated:
            view = versions.dated(view)
        if route.versioned:
            view = tagged(view, route.location)
        elif route.location:
            view = located(view, route.location)
        view = document(app, route, _guarded(route, view))
        app.add_url_rule(route.path, route.name, view, methods=[route.method])


def _guarded(route: Route, view: View) -> View:
    if not route.scopes:
        return view

    @wraps(view)
    def guarded(**path: str) -> Any:
        auth.require(route.scopes)
        versions.require()
        for name, value in path.items():
            if not re.fullmatch(ID, value):
                detail = (
                    "Send an id of 1 to 128 letters, digits and . _ ~ : @ + = -, and no other"
                    " characters."
                )
                raise RefusedRequest("invalid_id", detail, field=name)
        if not route.changes_a_version:
            refuse_unheeded()
        return view(**path)

    return guarded
