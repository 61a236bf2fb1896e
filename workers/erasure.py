"""Erasing a coach: the calendars' access is revoked at Cronofy first, then all that we hold is forgotten at once."""

import structlog

from storage import accounts, dossiers, ops_audit
from storage.dossiers import Erased
from storage.ops_audit import Deed
from workers import tokens
from workers.cronofy.errors import InvalidGrant
from workers.services import Services

log = structlog.get_logger()


def erase(services: Services, coach_id: str, *, actor: str) -> Erased | None:
    """None: there is no such coach. Raises CronofyError: nothing is forgotten yet, and it can be done again."""
    with services.database.read() as tx:
        connected = accounts.ids_of_coach(tx, coach_id)
    for connection_id in connected:
        revoke(services, connection_id)
    now = services.corrected_now()  # access is revoked by now: the rest follows
    with services.database.write() as tx:
        erased = dossiers.erase(tx, coach_id, now=now)
        if erased is not None:
            ops_audit.note(tx, Deed(now, actor, "erase", coach_id, f"{erased.coming} coming sessions"))
    log.info("coach_erased", coach=coach_id)
    return erased


def revoke(services: Services, connection_id: str) -> None:
    """End our access to an account, unless somebody did already."""
    try:
        services.cronofy.revoke(tokens.refresh_token(services, connection_id))
    except InvalidGrant:
        log.info("revoked_already", connection=connection_id)
