"""The house and the mailroom, for everybody here."""

from tests.support.callback_server import platform
from tests.support.in_process import house
from tests.support.mail_delivery import mailroom
from tests.support.mail_server import post_office
from tests.support.restored_logging import logging_as_it_was
from tests.support.webhook_delivery import switchboard

__all__ = ["house", "logging_as_it_was", "mailroom", "platform", "post_office", "switchboard"]
