"""Erasing a person: written down first, then done in steps; whoever dies at one, the clock goes on
with the next.

    asked -> each account revoked at Cronofy and forgotten -> all else forgotten -> nothing left to
        do

Every step may be repeated. Cronofy may be away for days: what is ours is forgotten meanwhile, and
only the accounts wait, with the tokens that it takes to revoke them; their refresh jobs try that
again and again.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import structlog

from storage.reports.personal_data import Person
from storage.schema.vault import Sealed
from storage.transactions import erasures, store_reading
from storage.transactions.erasures import Erased
from workers.cronofy.errors import CronofyError, InvalidGrant
from workers.jobs import tokens
from workers.services import Services

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ErasureOutcome:
    """`revoked`: how many accounts were; `failure`:
    what Cronofy said where it did not revoke one.
    """

    erased: Erased
    revoked: int
    failure: str | None


def ask(services: Services, person: Person, *, actor: str) -> list[str] | None:
    """Write the erasure down, and do what needs nobody else. Answers the accounts to wake a worker
    for.

    None: nobody has this id.
    """
    with services.database.write() as tx:
        connected = erasures.ask(tx, person, actor=actor, now=services.now())
    if connected is not None:
        advance(services, person)
    return connected


def erase(services: Services, person: Person, *, actor: str) -> ErasureOutcome | None:
    """The same, and revoke the accounts here and now rather than by a worker."""
    with services.database.write() as tx:
        connected = erasures.ask(tx, person, actor=actor, now=services.now())
    if connected is None:
        return None
    revoked, failure = _forget_all(services, connected)
    return ErasureOutcome(advance(services, person), revoked, failure)


def advance(services: Services, person: Person) -> Erased:
    """Forget what is ours; all is over unless an account is still to be revoked."""
    with services.database.write() as tx:
        erased = erasures.advance(tx, person, now=services.corrected_now())
    log.info("person_erased", kind=person.kind, revoking=erased.revoking)
    return erased


def revoke(services: Services, connection_id: str) -> None:
    """End our access to an account, unless somebody did already. Raises CronofyError."""
    try:
        # By the refresh token, which ends the grant and every access token that came of it.
        services.cronofy.revoke(tokens.refresh_token(services, connection_id))
    except InvalidGrant:
        log.info("revoked_already", connection=connection_id)


def forget(services: Services, connection_id: str) -> None:
    """Revoke one account, then forget all that came from it.
    Raises CronofyError; then it is still there.
    """
    # In this order: whoever dies in between revokes a second time, which Cronofy takes (RFC 7009).
    # The other way round the tokens would be gone, and nobody could revoke the account any more.
    revoke(services, connection_id)
    posted = services.receiver is not None
    with services.database.write() as tx:
        store_reading.forget(tx, connection_id, now=services.now(), posted=posted)
    log.info("erased", connection=connection_id)


def _forget_all(services: Services, connected: Iterable[str]) -> tuple[int, str | None]:
    """How many were, and why the last of the others was not."""
    revoked, failure = 0, None
    for connection_id in connected:
        # One account never keeps another from being revoked: be it that Cronofy does not, or that
        # its tokens were sealed with a key that is gone.
        try:
            forget(services, connection_id)
            revoked += 1
        except (CronofyError, Sealed) as error:
            log.warning("revoke_failed", connection=connection_id, error=str(error))
            failure = str(error)
    return revoked, failure
