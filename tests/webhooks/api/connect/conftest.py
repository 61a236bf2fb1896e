"""A seat at the sandbox's consent, and a browser."""

import pytest
from flask.testing import FlaskClient

from tests.support import people
from tests.support.in_process import House
from tests.webhooks.api.connect.kit import browser
from workers.cronofy.sandbox.control import ReadyAccount


@pytest.fixture
def client(house: House) -> FlaskClient:
    """The coach's browser."""
    house.introduce(people.MAILED)
    return browser(house)


@pytest.fixture
def seat(house: House) -> ReadyAccount:
    return house.control.create_account("ada", email="ada@calendar.test")
