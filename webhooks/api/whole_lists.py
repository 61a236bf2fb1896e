"""Every list by its name, with what it is asked by."""

from webhooks.api.coach_list import COACHES
from webhooks.api.list_pages import ItemList
from webhooks.api.lists import MAILERS
from webhooks.api.schemas.coach_lists import CoachesQuery, MailersQuery
from webhooks.api.schemas.lists import BookingsQuery, ListQuery, PodsQuery, SessionsQuery
from webhooks.api.session_lists import BOOKINGS, PODS, SESSIONS

LISTS: dict[str, tuple[ItemList, type[ListQuery]]] = {
    "bookings": (BOOKINGS, BookingsQuery),
    "sessions": (SESSIONS, SessionsQuery),
    "pods": (PODS, PodsQuery),
    "coaches": (COACHES, CoachesQuery),
    "mailers": (MAILERS, MailersQuery),
}
