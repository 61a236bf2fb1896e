"""Two coaches of whom something can be asked: one with a calendar, and one who shows nothing."""

from domain.coaches import Policy
from tests.support import http_client as desks
from tests.support import people
from tests.support.http_client import Desk


def introduce(desk: Desk) -> None:
    people.introduce(desk.database, people.coach(policy=Policy("hours_only", 1)))
    people.introduce(desk.database, people.coach(id="bob", policy=Policy("hide", 1)))
    desks.connect(desk, (people.at(2, 9), people.at(2, 10)))
