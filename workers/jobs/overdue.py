"""What did not come in time, told to ops once."""

import structlog

from storage.rows import sessions
from storage.transactions import conferencing
from workers.services import Services

log = structlog.get_logger()


def tell(services: Services) -> int:
    """Of each pod that had too few participants at its deadline, and of each session whose link was
    waited for too long. How many there were.
    """
    now = services.now()
    with services.database.write() as tx:
        short = sessions.flag_short(tx, now=now)
        linkless = conferencing.give_up(tx, now=now)
    for pod_id in short:
        log.warning("pod_below_minimum", pod=pod_id)
    for session_id in linkless:
        log.warning("conferencing_failed", session=session_id)
    return len(short) + len(linkless)
