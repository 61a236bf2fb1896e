"""Whoever changes a coach's settings: ops are told of the sessions that this has put in conflict,
once and by id.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from domain.freebusy import BUSY, TENTATIVE, Reading
from storage.slots import slot_sets
from storage.transactions.store_reading import Observed
from tests.support import people
from tests.support.conflicts import OVER, book, store
from tests.support.http_client import SETTINGS, Desk
from tests.support.settings_page import enter, send

Change = Callable[[Desk, str], Any]


def zone_by_page(desk: Desk, _: str) -> Any:
    return send(
        desk, enter(desk), zone="Pacific/Kiritimati"
    )  # there the third begins on the second, 10:00 UTC


def tentative_by_api(desk: Desk, _: str) -> Any:
    return desk.put("/v1/coaches/ada", SETTINGS | {"tentative_blocks": True})


def calendars_by_page(desk: Desk, connection: str) -> Any:
    return send(desk, enter(desk), account=connection, calendar=[people.WORK])


def calendars_by_api(desk: Desk, connection: str) -> Any:
    return desk.put(
        f"/v1/coaches/ada/connections/{connection}/calendars", {"calendars": [people.WORK]}
    )


@pytest.mark.parametrize(
    "change", [zone_by_page, tentative_by_api, calendars_by_page, calendars_by_api]
)
def test_a_change_that_puts_a_session_in_conflict_is_told_to_ops_once(
    one_desk: Desk, change: Change
) -> None:
    # Given a session under an event that does not count: it is tentative, or in a calendar that
    # does not block
    of_calendars = change in (calendars_by_page, calendars_by_api)
    lenient = replace(people.MAILED, tentative_blocks=of_calendars)
    connection = people.ready(one_desk.database, lenient)
    path = f"/v1/coaches/ada/connections/{connection}/calendars"
    assert (
        one_desk.put(
            path, {"calendars": [people.HOME if of_calendars else people.WORK]}
        ).status_code
        == 200
    )
    session = book(one_desk.database)
    # Or it is all day on the third, and the coach is in London
    events = [
        (people.WORK, *OVER, TENTATIVE, False),
        (people.WORK, people.at(3, 0), people.at(4, 0), BUSY, True),
    ]
    store(
        one_desk.database,
        connection,
        Observed(Reading.of(events), slot_sets.window(lenient, people.NOW).known_until),
    )
    # When the coach, or the platform for them, makes it count, and then changes nothing
    with capture_logs() as logs:
        for _ in range(2):
            answer = change(one_desk, connection)
            assert answer.status_code in (200, 303, 409), (
                answer.text
            )  # the page's second form is an old one
    # Then it is logged as when a calendar changes
    told = [line for line in logs if line["event"] == "session_conflict"]
    assert [(line["session"], line["coach"], line["log_level"]) for line in told] == [
        (session.id, "ada", "warning")
    ]
