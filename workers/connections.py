"""Connecting a calendar account: the OAuth conversation, as the web process hands it over."""

import secrets
from datetime import timedelta

import structlog

from storage import accounts, coaches, connections, oauth_states
from workers import tokens
from workers.actors import Actors
from workers.cronofy.errors import BadAnswer
from workers.services import Services

log = structlog.get_logger()

STATE_LIFE = timedelta(minutes=10)
SCOPE = "read_write"


class UnknownState(Exception):
    """The state was never issued, was used already, or is older than ten minutes: start connecting again."""


def begin(services: Services, coach_id: str, *, provider: str | None = None, session: str | None = None) -> str | None:
    """The URL where the coach agrees, good for ten minutes and once. None: no such coach.

    `session`: a secret of the browser that asked, without which nobody may come back: a link that was handed on to
    somebody else connects nothing of theirs.
    """
    state = secrets.token_urlsafe(32)
    now = services.now()
    with services.database.write() as tx:
        if coaches.get(tx, coach_id) is None:
            return None
        oauth_states.issue(tx, state, coach_id, session=session, expires_at=now + STATE_LIFE, now=now)
    return services.cronofy.authorize_url(_redirect_uri(services), state, scope=SCOPE, provider=provider)


def redeem(services: Services, state: str, *, session: str | None = None) -> str:
    """The coach a state stands for; raises UnknownState. After this the state is spent, whatever follows."""
    with services.database.write() as tx:
        coach_id = oauth_states.redeem(tx, state, session=session, now=services.now())
    if coach_id is None:
        raise UnknownState
    return coach_id


def complete(services: Services, actors: Actors, coach_id: str, code: str) -> str:
    """Exchange the code, keep the tokens, and owe the connection its first read; its channel is opened by that read.

    Returns the connection's id. Raises CronofyError, and AccountInUse when another coach has this account.
    """
    grant = services.cronofy.exchange(code, _redirect_uri(services))
    if grant.sub is None:
        raise BadAnswer("Cronofy's token answer names no account; start connecting again")
    with services.database.write() as tx:
        # The sealed tokens name the row they belong to, so its id has to be known first.
        connection_id = accounts.owner_of(tx, grant.sub) or accounts.new_id(services.corrected_now())
        sealed = tokens.seal(services, connection_id, grant)
        accounts.link(
            tx,
            coach_id,
            connection_id,
            grant.sub,
            tokens=sealed.sealed,
            access_expires_at=sealed.access_expires_at,
            data_center=services.settings.cronofy_data_center,
        )
        connections.mark_dirty(tx, connection_id, userinfo=True)
    log.info("connected", coach=coach_id, connection=connection_id)
    actors.wake(connection_id)
    return connection_id


def _redirect_uri(services: Services) -> str:
    return f"{services.settings.base_url}/connect/callback"
