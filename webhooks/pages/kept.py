"""A time is kept for a participant while they confirm it, by a hold as the API takes them.

One for each participant and coach, for some minutes: so a guest who means harm closes one time, and
no week. It is taken by a form that only our own page can send; whoever looks at an address, as
browsers do ahead of a click and scanners do with links, takes none and gives none back.
"""

from math import ceil

from flask import Response, request, url_for

from domain.errors import Invalid
from domain.sessions import Refused, Terms
from storage.schema.database import Tx
from storage.schema.outages import run_again_once
from storage.slots.bookable import Wanted
from storage.transactions import holds
from webhooks.http.context import parts, runtime
from webhooks.http.page_security import see
from webhooks.http.page_sessions import guest, keep
from webhooks.pages.booking_query import Choice, choice, keeper, start_chosen, who

MINUTES = 5
"""Enough to read a page and to press a button; whoever needs longer may still book, if nobody else
did.
"""
CLIENT = "pages"


def book_choose() -> Response:
    """POST /book/choose: keeps the time that was pressed, and asks whether it is to be booked. With
    `show`: gives back what is kept, and goes to the week with this length and zone.
    """
    terms = runtime().services.terms()
    with runtime().services.database.read() as tx:
        chosen = choice(tx, terms)
    if "show" in request.form:
        if chosen.kept:
            run_again_once(lambda: _give_back(terms))
        return see(url_for("pages.book_page", **chosen.asks()))
    start = start_chosen()
    wanted = Wanted(guest().coach_id, start, chosen.duration)
    if keeper() is not None:
        run_again_once(lambda: _keep(wanted, terms))
    return see(url_for("pages.book_confirm", **chosen.asks(start=start)))


ROUTES = (("POST", "/book/choose", book_choose),)


def give_back(tx: Tx, terms: Terms) -> None:
    """Before they book, in one transaction: what is kept for them is not in their own way."""
    owner = keeper()
    if owner is not None:
        holds.give_back(tx, guest().coach_id, owner, terms)


def left(chosen: Choice, wanted: Wanted) -> tuple[int, int] | None:
    """For how many minutes, begun ones too, this time is still kept for the guest, and until when
    (epoch seconds); None: it is not.
    """
    for it in chosen.kept:
        if (it.starts, it.ends) == (wanted.start, wanted.end) and it.expires_at is not None:
            until = int(it.expires_at.timestamp())
            if until > chosen.now:
                return ceil((until - chosen.now) / 60), until
    return None


def _keep(wanted: Wanted, terms: Terms) -> None:
    """If it can be had; if not, the confirmation says why. Who presses too often goes on without:
    they are still asked, and may book.
    """
    owner = who().id
    if not parts().limits.may_hold(CLIENT, owner):
        return _give_back(terms)
    try:
        with runtime().services.database.write() as tx:
            keep(tx)
            holds.keep(tx, wanted, owner, MINUTES, terms)
    except (Refused, Invalid):
        _give_back(terms)


def _give_back(terms: Terms) -> None:
    with runtime().services.database.write() as tx:
        give_back(tx, terms)
