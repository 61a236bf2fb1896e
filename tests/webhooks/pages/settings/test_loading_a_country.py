"""A country's holidays are loaded when somebody first asks for them, which takes a while: no
connection to the database is held meanwhile.
"""

import sys

import holidays
import pytest
from sqlalchemy import event

from domain.absences import PublicHolidays
from tests.support import people
from tests.support.http_client import Desk
from tests.support.settings_page import enter

PAGE, ICELAND = "/settings/more", "holidays.countries.iceland"


@pytest.mark.parametrize(
    ("stored", "query"),
    [
        (PublicHolidays(), "?country=IS"),
        (PublicHolidays("IS", "", ("Jóladagur",), ()), ""),
    ],
)
def test_a_country_is_loaded_while_no_connection_is_held(
    one_desk: Desk, monkeypatch: pytest.MonkeyPatch, stored: PublicHolidays, query: str
) -> None:
    people.ready(one_desk.database, people.coach(holidays=stored))
    enter(one_desk)
    # As in a process that nobody asked for it yet
    monkeypatch.setattr(vars(holidays)["IS"], "entity", None)
    monkeypatch.delitem(sys.modules, ICELAND, raising=False)
    at_start: list[bool] = []
    at_end: list[bool] = []
    engine = one_desk.database.engine
    event.listen(engine, "checkout", lambda *_: at_start.append(ICELAND in sys.modules))
    event.listen(engine, "checkin", lambda *_: at_end.append(ICELAND in sys.modules))
    page = one_desk.client.get(f"{PAGE}{query}")
    assert "Jóladagur" in page.text
    assert ICELAND in sys.modules
    assert len(at_start) > 1
    assert at_start == at_end
