"""Connecting a calendar account: the OAuth conversation, as the web process hands it over.

Whoever consents sees on a page of ours for whom, and confirms, in one browser: `invite` makes the
link to that page, `begin` sends this browser to the consent, `come_back` keeps what came of it,
`confirm` connects.
"""

import secrets
import time
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from storage.rows import coaches, connections, farewells, links, oauth_states, push_marks
from storage.rows.connections import AccountInUse
from storage.rows.links import Link
from storage.rows.oauth_states import Attempt, Now, Outcome
from storage.schema.database import Tx
from storage.schema.vault import Sealed
from workers.actors import Actors
from workers.cronofy.errors import CronofyError, InvalidGrant, NotFound, Rejected
from workers.cronofy.wire import Grant
from workers.jobs import tokens
from workers.services import Services

log = structlog.get_logger()

STATE_LIFE = timedelta(minutes=10)
# Longer than a code is asked about: whoever died over it will not say.
ASKING = timedelta(minutes=1)
REMEMBERED = timedelta(hours=2)
AT_ONCE = 20
SECONDS_AT_ONCE = 5.0
"""Of a turn of the clock's: it has other work, however Cronofy hangs."""
NOT_MENDED = (Sealed, InvalidGrant, NotFound, Rejected)
"""Why a grant is not given back, where another try would change nothing."""


class UnknownState(Exception):
    """The state was never issued to this browser, or is too old: start connecting again."""


def invite(
    services: Services,
    coach_id: str,
    *,
    provider: str | None = None,
    return_url: str | None = None,
) -> str | None:
    """A link to the page where the coach begins, good for ten minutes. None: no such coach, or one
    who leaves. `return_url`: where the coach goes with the outcome.
    """
    token, ends = secrets.token_urlsafe(24), services.now() + STATE_LIFE
    meaning = {"provider": provider, "return_url": return_url}
    with services.database.write() as tx:
        if not _may_connect(tx, coach_id):
            return None
        links.make(tx, token, "connect", Link(coach_id, None, meaning, ends))
    return f"{services.settings.base_url}/c/{token}"


def begin(
    services: Services,
    coach_id: str,
    *,
    browser: str,
    provider: str | None = None,
    return_url: str | None = None,
) -> str | None:
    """The URL where the coach agrees, good for ten minutes. None: no such coach, or one who
    leaves.

    `browser`: the secret of the browser that begins, without which nobody may come back: an address
      that was handed on to somebody else connects nothing of theirs.
    """
    state = secrets.token_urlsafe(32)
    now = services.now()
    with services.database.write() as tx:
        if not _may_connect(tx, coach_id):
            return None
        oauth_states.issue(
            tx,
            state,
            coach_id,
            browser=browser,
            expires_at=now + STATE_LIFE,
            now=now,
            return_url=return_url,
        )
    scope = services.settings.cronofy_scope
    return services.cronofy.authorize_url(
        _redirect_uri(services), state, scope=scope, provider=provider
    )


def conferencing_page(services: Services, connection_id: str, *, back: str, until: float) -> str:
    """The URL where this account's person connects Zoom, Teams or the like; they come back to the
    path `back` of ours. Raises CronofyError, Sealed.
    `until`: by time.monotonic, when it has to be known.
    """
    services = replace(services, cronofy=services.cronofy.until(until))
    redirect_uri = f"{services.settings.base_url}{back}"
    return tokens.authorised(
        services,
        connection_id,
        lambda access: services.cronofy.conferencing_page(access, redirect_uri),
    )


def come_back(
    services: Services, state: str, *, browser: str, code: str, declined: bool
) -> Attempt:
    """What came of the consent: `to_confirm`, or why not. The same whenever this browser comes
    again; `asking` while it is not known yet. Raises UnknownState.
    """
    now = services.now()
    with services.database.write() as tx:
        found = _found(services, tx, state, browser)
        # The race: a browser that comes twice at once, by a double click or a retry of its own.
        # Cronofy takes a code once, so the loser would be told `invalid_grant` and show a failure
        # where all went well. Whoever moves the row on asks; the other one reads what came of it.
        mine = oauth_states.advance(tx, state, browser, None, Now("asking", now + ASKING))
    if mine:
        came = _ended(services, "declined")
        if not declined:
            came = _exchanged(services, _owner(state, browser), found, code)
        with services.database.write() as tx:
            oauth_states.advance(tx, state, browser, "asking", came)
    with services.database.read() as tx:
        return _found(services, tx, state, browser)


def confirm(services: Services, actors: Actors, state: str, *, browser: str) -> Attempt:
    """Keep the tokens, and owe the connection its first read; its channel is opened by that read.

    Whoever confirms again gets the first outcome. Raises UnknownState.
    """
    connection_id = None
    try:
        with services.database.write() as tx:
            found = _found(services, tx, state, browser)
            # The race: this and an erasure of the same coach, each waiting for a row of the
            # other's. Both lock the coach first, and the rows that hang on it after that.
            coaches.lock(tx, found.coach_id)
            # To connect again is consent given anew, and ends what was to erase the account: the
            # erasure of its coach would wait for it for good. `forget_abandoned` gives it back.
            if found.outcome == "to_confirm" and farewells.leaves(tx, found.coach_id):
                raise UnknownState
            connected = _ended(services, "connected")
            if oauth_states.advance(tx, state, browser, "to_confirm", connected):
                connection_id = _link(services, tx, _owner(state, browser), found)
    except AccountInUse:
        # The race: two coaches consent with one calendar account, and the other was faster.
        _refuse(services, state, browser, "in_use")
    except Sealed:
        # Somebody swapped rows: tokens that were sealed for another state do not open for this one.
        _refuse(services, state, browser, "refused")
    if connection_id is not None:
        log.info("connected", coach=found.coach_id, connection=connection_id)
        actors.wake(connection_id)
    with services.database.read() as tx:
        return _found(services, tx, state, browser)


def decline(services: Services, state: str, *, browser: str) -> Attempt:
    """The person says no after the consent: what was granted is given back. Raises UnknownState."""
    declined = _ended(services, "declined")
    with services.database.write() as tx:
        found = _found(services, tx, state, browser)
        kept = replace(declined, sealed=found.sealed)
        mine = oauth_states.advance(tx, state, browser, "to_confirm", kept)
    # The tokens stay until Cronofy took them: `forget_abandoned` tries again where it does not.
    if mine and _give_back(services, _owner(state, browser), found.sealed):
        with services.database.write() as tx:
            oauth_states.advance(tx, state, browser, "declined", declined)
    with services.database.read() as tx:
        return _found(services, tx, state, browser)


def forget_abandoned(services: Services) -> int:
    """Give back what somebody consented to and never confirmed. How many of them are given back."""
    with services.database.read() as tx:
        found = oauth_states.abandoned(tx, now=services.now(), limit=AT_ONCE)
    in_time = services.cronofy.until(time.monotonic() + SECONDS_AT_ONCE)
    services, count = replace(services, cronofy=in_time), 0
    for state_hash, sealed in found:
        # Without the tokens nobody could end our access any more: they stay while Cronofy is away.
        # And one that it does not take keeps no other waiting.
        if not _give_back(services, oauth_states.owner(state_hash), sealed):
            continue
        with services.database.write() as tx:
            oauth_states.forget(tx, state_hash)
        count += 1
    return count


def _may_connect(tx: Tx, coach_id: str) -> bool:
    return coaches.stands(tx, coach_id) and not farewells.leaves(tx, coach_id)


def _refuse(services: Services, state: str, browser: str, outcome: Outcome) -> None:
    with services.database.write() as tx:
        oauth_states.advance(tx, state, browser, "to_confirm", _ended(services, outcome))


def _owner(state: str, browser: str) -> str:
    return oauth_states.owner(oauth_states.hash_of(state, browser))


def _exchanged(services: Services, owner: str, found: Attempt, code: str) -> Now:
    if not code:
        return _ended(services, "refused")
    try:
        grant = services.cronofy.exchange(code, _redirect_uri(services))
    except CronofyError as error:
        log.warning("connect_failed", error=type(error).__name__)
        # After a time-out nobody knows whether the code was spent: the person begins again.
        outcome: Outcome = "away"
        if error.permanent:
            outcome = "refused"
        return _ended(services, outcome)
    with services.database.read() as tx:
        connection_id = connections.owner_of(tx, grant.sub)
        coach_id = connection_id and connections.coach_of(tx, connection_id)
    # Cronofy joins calendars to an account that the browser has seen before: without this one coach
    # could be shown another's times. `confirm` asks again, since the answer may change until then.
    if coach_id not in (None, found.coach_id):
        return _ended(services, "in_use")
    ends = services.now() + STATE_LIFE
    return Now("to_confirm", ends, grant.name or None, _sealed(services, owner, grant))


def _ended(services: Services, outcome: Outcome) -> Now:
    """Neither address nor tokens are kept with how it ended."""
    return Now(outcome, services.now() + REMEMBERED)


def _sealed(services: Services, owner: str, grant: Grant) -> bytes:
    expires_at = services.corrected_now() + timedelta(seconds=grant.expires_in)
    kept = {"access": grant.access_token, "refresh": grant.refresh_token}
    about = {"sub": grant.sub, "expires_at": expires_at.isoformat()}
    return services.vault.seal(owner, kept | about)


def _link(services: Services, tx: Tx, owner: str, found: Attempt) -> str:
    """Raises AccountInUse when another coach has this account."""
    kept = services.vault.open(owner, found.sealed or b"")
    # The sealed tokens name the row they belong to, so its id has to be known first.
    connection_id = connections.owner_of(tx, kept["sub"]) or connections.new_id(
        services.corrected_now()
    )
    mine = {"access": kept["access"], "refresh": kept["refresh"]}
    # Nothing in any answer of Cronofy's names its data centre, so ours is stored beside the tokens.
    connections.link(
        tx,
        found.coach_id,
        connection_id,
        kept["sub"],
        tokens=services.vault.seal(connection_id, mine),
        access_expires_at=datetime.fromisoformat(kept["expires_at"]),
        data_center=services.settings.cronofy_data_center,
    )
    push_marks.mark_dirty(tx, connection_id, userinfo=True)
    return connection_id


def _give_back(services: Services, owner: str, sealed: bytes | None) -> bool:
    """Unless the account is connected already: to revoke one grant of an account ends all of them.
    False: it is to be tried again.
    """
    try:
        kept = services.vault.open(owner, sealed or b"")
        with services.database.read() as tx:
            if connections.owner_of(tx, kept["sub"]) is not None:
                return True
        services.cronofy.revoke(kept["refresh"])
    except (CronofyError, Sealed) as error:
        log.warning("connect_not_given_back", error=type(error).__name__)
        return isinstance(error, NOT_MENDED)
    return True


def _found(services: Services, tx: Tx, state: str, browser: str) -> Attempt:
    found = oauth_states.find(tx, state, browser=browser, now=services.now())
    if found is None:
        raise UnknownState
    return found


def _redirect_uri(services: Services) -> str:
    return f"{services.settings.base_url}/connect/callback"
