"""Lists over HTTP: all that there is of a kind, by filters, page after page."""

from flask import Response

from storage.reports import mail_text_lists
from storage.reports.lists import Key, Page
from storage.schema.database import Tx
from webhooks.api import coach_states
from webhooks.api.coach_list import COACHES
from webhooks.api.list_pages import Fields, ItemList, Reader, answer
from webhooks.api.mail_texts import to_out
from webhooks.api.schemas.coach_lists import CoachesQuery, MailersQuery
from webhooks.api.schemas.lists import BookingsQuery, PodsQuery
from webhooks.api.schemas.mail_texts import MailTextOut
from webhooks.api.schemas.requests import TilesQuery
from webhooks.api.schemas.responses import TilesOut
from webhooks.api.session_lists import BOOKINGS, PODS
from webhooks.http.deprecated import deprecate
from webhooks.http.problems import RefusedRequest
from workers.services import Services


def bookings(query: BookingsQuery) -> Response:
    """Bookings, those that ended too, with the session of each.

    Each filter that is sent has to hold; `company`, `project`, `cohort` and `programme_name` are
    the booking's own, or else its session's.
    """
    return answer(BOOKINGS, query)


def pods(query: PodsQuery) -> Response:
    """Pods, those called off too, with everyone who has or had a seat.

    Each filter that is sent has to hold; `company`, `project`, `cohort` and `programme_name` are
    the pod's own.
    """
    return answer(PODS, query)


def coaches(query: CoachesQuery) -> Response | TilesOut:
    """Coaches, with what was set and how their calendars stand.

    Deprecated: with `ids` the answer is that of `GET /v1/coach_states`.
    """
    if query.ids is None:
        return answer(COACHES, query)
    deprecate("/v1/coach_states")
    for name in query.model_fields_set - {"ids"}:
        raise RefusedRequest("unknown_field", f"Send ids without {name}.", field=name)
    return coach_states.show(TilesQuery(ids=query.ids))


def mailers(query: MailersQuery) -> Response:
    """Texts and switches of mails, wherever they are set."""
    return answer(MAILERS, query)


def _mailers(_services: Services, query: MailersQuery) -> Reader:
    wanted = query.model_dump(include=set(mail_text_lists.FILTERS))

    def read(tx: Tx, after: Key | None, limit: int) -> Page[Fields]:
        found = mail_text_lists.page(tx, wanted, after, limit=limit)
        return Page([to_out(each).model_dump() for each in found.items], found.after)

    return read


MAILERS = ItemList("mailers", MailTextOut, _mailers, lambda _query: (str, str, str, str))
