"""The house and the mailroom, for everybody here."""

import pytest

from tests.support.callback_server import platform
from tests.support.in_process import house
from tests.support.mail_delivery import mailroom
from tests.support.mail_server import post_office
from tests.support.restored_logging import logging_as_it_was
from tests.support.webhook_delivery import switchboard
from tests.workers.needed_settings import NEEDED
from workers.settings import Settings, variable

__all__ = ["house", "logging_as_it_was", "mailroom", "platform", "post_office", "switchboard"]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch
