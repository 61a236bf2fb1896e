"""The house and the mailroom, for everybody here."""

from tests.house import house
from tests.logging_as_it_was import logging_as_it_was
from tests.mailroom import mailroom
from tests.platform import platform
from tests.postoffice import post_office
from tests.switchboard import switchboard

__all__ = ["house", "logging_as_it_was", "mailroom", "platform", "post_office", "switchboard"]
