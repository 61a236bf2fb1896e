"""Commands run in this process: they find a house, and set its logging up."""

from datetime import timedelta

import pytest

from tests.support import people
from tests.support.command_line import told
from tests.support.in_process import Connected, House
from tests.support.people import NOW
from tests.support.restored_logging import logging_as_it_was

__all__ = ["logging_as_it_was", "told"]


@pytest.fixture(autouse=True)
def put_back(logging_as_it_was: None) -> None:
    """For every test here."""


@pytest.fixture
def ada(told: House) -> Connected:
    """Ada, whose calendar was read and shows an event on Tuesday at nine."""
    told.introduce(people.MAILED)
    account = told.connect()
    told.control.add_event(
        account.calendar, NOW + timedelta(days=1, hours=1), NOW + timedelta(days=1, hours=2)
    )
    told.refresh(account.connection_id)
    return account
