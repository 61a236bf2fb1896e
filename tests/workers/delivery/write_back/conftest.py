"""Ada, with a calendar that is written to."""

import pytest

from tests.support import written_sessions
from tests.support.in_process import House
from tests.support.written_sessions import Diary


@pytest.fixture
def ada(house: House) -> Diary:
    return written_sessions.opened(house)
