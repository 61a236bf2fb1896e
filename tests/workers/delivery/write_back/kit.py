"""Ada's own calendar, and the requests that write into it."""

from tests.support.written_sessions import Diary

WRITES = "/v1/calendars"


def home(ada: Diary) -> str:
    return ada.account.seat.calendars[1]
