"""The audit of channels: what Cronofy lists, compared with what we believe; put right, the missing
one first.

A channel whose pushes failed for a day is closed without a word, and only this list tells.
"""

import time
from dataclasses import dataclass, replace
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


@dataclass(frozen=True, slots=True)
class Audited:
    """What was found, and mended: whether the channel was missing, and the ids of those that were
    too many.
    """

    connection_id: str
    reopened: bool
    closed: tuple[str, ...]


def audit(services: Services, connection_id: str) -> Audited:
    """Compare, and put right. Raises CronofyError; what was not reached is left for the next time.

    Changes went unheard while the channel was closed: a read is owed when it was.
    """
    # Whoever slept asks Cronofy nothing more, and writes nothing over what was said since.
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
        with services.database.write() as tx:
            push_marks.mark_dirty(tx, connection_id, userinfo=True)
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
    recorded = None if stored is None else stored.channel_id
    url = channels.callback_url(services, connection_id)
    listed = services.cronofy.channels(access)
    right = next((channel.id for channel in listed if channel.callback_url == url), None)
    kept = right or services.cronofy.open_channel(access, url).id
    if not channels.keep(services, connection_id, mine, kept):
        log.warning("late_audit_refused", connection=connection_id)
        return Audited(connection_id, reopened=False, closed=())
    odd = [each for each in listed if each.id != kept and _is_ours(services, each, recorded)]
    for channel in odd:
        services.cronofy.close_channel(access, channel.id)
    return Audited(connection_id, right is None, tuple(channel.id for channel in odd))


def attempt(services: Services, connection_id: str) -> bool:
    """Audit a connection, if that can be done now. True: a read is owed, since its channel had been
    closed.
    """
    try:
        return audit(services, connection_id).reopened
    except CronofyError as error:
        log.warning("audit_failed", connection=connection_id, error=str(error))
        if type(error) in NEEDS_A_PERSON:
            with services.database.write() as tx:
                push_marks.mark_dirty(tx, connection_id, userinfo=True)
            return True
        return False


def _is_ours(services: Services, channel: Channel, recorded: str | None) -> bool:
    """Another deployment may push for the same account: its channels are left alone. One that we
    opened under a public URL of before is known by its id.
    """
    return channel.id == recorded or channel.callback_url.startswith(channels.root(services))
