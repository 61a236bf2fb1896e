"""Webhook endpoints, as the clock looks after them: each is owed what happened; the one that the
settings name stands among them; and one at which nothing was taken for days is switched off.
"""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from typing import TypeVar

import structlog

from domain.sessions import Unknown
from domain.webhook_endpoints import OF_SETTINGS, WebhookEndpoint
from storage.rows import feed, owed_callbacks, pauses, webhook_endpoints
from storage.schema.database import Tx
from storage.transactions import endpoint_callbacks
from workers.actors import Actors
from workers.mailer import MailError
from workers.services import Services

Result = TypeVar("Result")
log = structlog.get_logger()

SECONDS_AT_ONCE = 0.5
"""Of a turn of the clock's: its other jobs wait meanwhile."""


def feed_on(services: Services, actors: Actors) -> int:
    """Owe each endpoint the events that it has not been owed yet; and go on with what is more than
    a batch: what is owed again, to one that is off, or to one that was deleted.
    """
    now = services.now()
    with services.database.write() as tx:
        webhook_endpoints.keep_of_settings(tx, services.settings.callback_url, now=now)
    with services.database.read() as tx:
        endpoints = webhook_endpoints.find_all(tx)
        deleted = webhook_endpoints.deleted(tx)
        last = feed.ends_of(tx).last_position
        waiting = [each.id for each in endpoints if _is_to_bury(tx, each)]
    count = 0
    for endpoint in endpoints:
        if endpoint.again_before is not None:
            count += _go_on(services, actors, endpoint)
            continue
        if not endpoint.is_behind(last):
            continue
        # A transaction for each: one that has much to catch up with keeps no other waiting.
        work = partial(endpoint_callbacks.feed_on, endpoint_id=endpoint.id, now=now)
        owed = _unless_deleted(services, work) or []
        actors.wake_outbox(owed)
        count += len(owed)
    _clear(services, waiting, deleted)
    return count


def _go_on(services: Services, actors: Actors, endpoint: WebhookEndpoint) -> int:
    """A batch of what somebody wanted sent again."""
    work = partial(endpoint_callbacks.go_on, endpoint_id=endpoint.id, now=services.now())
    wake = _unless_deleted(services, work) or []
    actors.wake_outbox(wake)
    return len(wake)


def _unless_deleted(services: Services, work: Callable[[Tx], Result]) -> Result | None:
    """What this answers. None: somebody deleted the endpoint since it was found, and the others are
    not to wait for that.
    """
    try:
        return services.database.transact(work)
    except Unknown:
        return None


def _is_to_bury(tx: Tx, endpoint: WebhookEndpoint) -> bool:
    if endpoint.state != "off":
        return False
    return owed_callbacks.is_any_left(tx, endpoint.id, endpoint_callbacks.WAITING)


def _clear(services: Services, off: Sequence[str], deleted: Sequence[str]) -> None:
    """Bury what waits for those that are off, and drop what is left of those that were deleted: as
    much as can be done in a short while for all of them. The next turn goes on.
    """
    steps: list[Callable[[Tx], int]] = []
    for endpoint_id in off:
        steps.append(partial(_bury, endpoint_id=endpoint_id))
    for endpoint_id in deleted:
        steps.append(partial(endpoint_callbacks.drop_next, endpoint_id=endpoint_id))
    end = time.monotonic() + SECONDS_AT_ONCE
    for step in steps:
        while time.monotonic() < end:
            if not services.database.transact(step):
                break


def look_after(services: Services, _actors: Actors) -> int:
    """Switch off where nothing was taken for too long, and mail ops of it, once."""
    with services.database.read() as tx:
        endpoints = webhook_endpoints.find_all(tx)
    count = 0
    for endpoint in endpoints:
        count += _switched_off(services, endpoint)
    with services.database.read() as tx:
        endpoints = webhook_endpoints.find_all(tx)
    for endpoint in endpoints:
        if endpoint.state == "off" and endpoint.mailed_at is None:
            _mail(services, endpoint)
    return count


def _switched_off(services: Services, endpoint: WebhookEndpoint) -> bool:
    if endpoint.id == OF_SETTINGS or endpoint.state != "on" or endpoint.failing_since is None:
        return False
    bound = services.settings.endpoint_off_after
    work = partial(_switch_off, endpoint_id=endpoint.id, now=services.now(), bound=bound)
    if not _unless_deleted(services, work):
        return False
    log.error("endpoint_switched_off", endpoint=endpoint.id)
    return True


def _switch_off(tx: Tx, *, endpoint_id: str, now: datetime, bound: timedelta) -> bool:
    # Asked again under its lock: something may have been taken since.
    endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
    if any(pause.what == "callback" for pause in pauses.find_all(tx)):
        # Nothing is tried. So long it has refused nothing: its days begin anew after the pause.
        webhook_endpoints.change(tx, endpoint_id, failing_since=None)
        return False
    latest = webhook_endpoints.attempts(tx, endpoint_id, limit=1)
    tried_at = max((attempt.at for attempt in latest), default=None)
    if not endpoint.fails_too_long(now, bound, tried_at=tried_at):
        return False
    endpoint_callbacks.switch_off(tx, endpoint, now=now)
    return True


def _bury(tx: Tx, *, endpoint_id: str) -> int:
    """How many of a batch were buried."""
    # The races: somebody switches it on meanwhile, and what waits then is to be sent; or somebody
    # deletes it.
    try:
        endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
    except Unknown:
        return 0
    if endpoint.state != "off":
        return 0
    return endpoint_callbacks.bury(tx, endpoint_id)


def _mail(services: Services, endpoint: WebhookEndpoint) -> None:
    """Sent before it is written down: a mail that comes twice is better than none."""
    to, sender = services.settings.ops_mail, services.settings.sender.mailbox.email
    if to is None:
        return
    days = services.settings.endpoint_off_days
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = f"coachcal: webhook endpoint {endpoint.id} was switched off"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(
        f"Nothing was taken at the webhook endpoint {endpoint.id} for {days} days, so it was"
        " switched off.\n\nWhat happens from now on waits in the feed, for 90 days. Once the"
        " endpoint is well, switch it on again, and all that it has missed is sent:\n\n"
        f'  PATCH /v1/webhook_endpoints/{endpoint.id}  {{"state": "on"}}\n'
    )
    try:
        services.mailer.send(mail.as_bytes(), sender, [to])
    except MailError as error:
        log.warning("ops_mail_failed", error=str(error))
        return
    with services.database.write() as tx:
        webhook_endpoints.change(tx, endpoint.id, mailed_at=services.now())
