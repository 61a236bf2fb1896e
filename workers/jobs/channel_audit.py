"""The audit of channels: what Cronofy lists, compared with what we believe; put right, the missing
one first.

A channel whose pushes failed for a day is closed without a word, and only this list tells.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog

from storage.rows import channels as channel_rows
from storage.rows import push_marks
from workers.cronofy.errors import CronofyError
from workers.cronofy.wire import Channel
from workers.jobs import channels, tokens
from workers.jobs.freebusy import NEEDS_A_PERSON, SHARE
from workers.services import Services

log = structlog.get_logger()

OVERDUE = timedelta(days=2)
"""Twice what the clock allows a channel: then somebody has to look."""


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found, and mended:
    whether the channel was missing, and the ids of those that were too many.
    """

    connection_id: str
    reopened: bool
    closed: tuple[str, ...]


def audit(services: Services, connection_id: str) -> Audited:
    """Compare, and put right. Raises CronofyError; what was not reached is left for the next time.

    Changes went unheard while the channel was closed: a read is owed when it was.
    """
    # The race: an audit that slept past its lease (a frozen machine) and a reader that has opened a
    # channel since: to the audit that one would be odd. The deadline keeps it from asking Cronofy
    # for more, the lease's token from writing over what was said since.
    ends = time.monotonic() + services.settings.lease_seconds * SHARE
    services = replace(services, cronofy=services.cronofy.until(ends))
    channels.callback_url(services, connection_id)
    with channels.leased(services, connection_id) as mine:
        if mine is None:
            return Audited(connection_id, reopened=False, closed=())
        found = tokens.authorised(
            services, connection_id, partial(_compared, services, connection_id, mine)
        )
    if found.reopened:
        _owe_a_read(services, connection_id)
    if found.reopened or found.closed:
        log.warning(
            "channels_mended",
            connection=connection_id,
            reopened=found.reopened,
            closed=len(found.closed),
        )
    return found


def _compared(services: Services, connection_id: str, mine: str, access: str) -> Audited:
    """What is missing is opened before what is odd is closed."""
    with services.database.read() as tx:
        stored = channel_rows.channel(tx, connection_id)
    recorded = None
    if stored is not None:
        recorded = stored.channel_id
    url = channels.callback_url(services, connection_id)
    # Cronofy lists open channels only, and has no status to ask for: what is missing was closed.
    listed = services.cronofy.channels(access)
    right = _at(listed, url)
    # The same URL again gives the channel that there is: a second opening does no harm.
    kept = right or services.cronofy.open_channel(access, url).id
    if not channels.keep(services, connection_id, mine, kept):
        log.warning("late_audit_refused", connection=connection_id)
        return Audited(connection_id, reopened=False, closed=())
    closed = []
    for channel in listed:
        if channel.id != kept and _is_ours(services, channel, recorded):
            services.cronofy.close_channel(access, channel.id)
            closed.append(channel.id)
    return Audited(connection_id, right is None, tuple(closed))


def _at(listed: Iterable[Channel], url: str) -> str | None:
    """The id of the channel that pushes there."""
    for channel in listed:
        if channel.callback_url == url:
            return channel.id
    return None


def attempt(services: Services, connection_id: str) -> bool:
    """Audit a connection, if that can be done now.
    True: a read is owed, since its channel had been closed.
    """
    try:
        return audit(services, connection_id).reopened
    except CronofyError as error:
        log.warning("audit_failed", connection=connection_id, error=str(error))
        # Whether the coach's login is gone is the reader's to say: it writes down what follows.
        if type(error) in NEEDS_A_PERSON:
            _owe_a_read(services, connection_id)
            return True
        return False


def _owe_a_read(services: Services, connection_id: str) -> None:
    with services.database.write() as tx:
        push_marks.mark_dirty(tx, connection_id, userinfo=True)


def _is_ours(services: Services, channel: Channel, recorded: str | None) -> bool:
    """Another deployment may push for the same account: its channels are left alone. One that we
    opened under a public URL of before is known by its id.
    """
    return channel.id == recorded or channel.callback_url.startswith(channels.root(services))
