"""Webhook endpoints over HTTP: addresses that are told of events, each with a secret of its own."""

from datetime import timedelta
from typing import Any

from domain.sessions import Refused
from domain.webhook_endpoints import OF_SETTINGS, WebhookEndpoint
from storage.rows import audit_log, feed, webhook_endpoints
from storage.rows.audit_log import Deed
from storage.rows.outbox_claims import Wake
from storage.schema.database import Tx
from storage.transactions import endpoint_callbacks
from webhooks.api.schemas.webhook_endpoints import (
    AttemptOut,
    AttemptsOut,
    EndpointChange,
    EndpointIn,
    EndpointOut,
    EndpointsOut,
    NewEndpointOut,
    ReplayIn,
    ReplayOut,
    RotateIn,
    SecretOut,
    TestSentOut,
)
from webhooks.http.auth import asking
from webhooks.http.context import runtime
from webhooks.http.problems import RefusedRequest
from webhooks.http.times import iso_or_none, moment
from workers import webhook_addresses

PATH = "/v1/webhook_endpoints"
SHOWN = 100


def create(body: EndpointIn) -> NewEndpointOut:
    """Have events posted to an address from now on. Its secret is told only in this answer."""
    services = runtime().services
    webhook_addresses.check(body.url, services.settings)
    endpoint_id, secret = webhook_endpoints.new_id(), webhook_addresses.new_secret()
    sealed = services.vault.seal(endpoint_id, {"secret": secret})
    with services.database.write() as tx:
        endpoint = WebhookEndpoint(
            id=endpoint_id,
            created_at=services.now(),
            sealed=sealed,
            fed_through=feed.ends_of(tx).last_position,
            **_lists(body.model_dump()),
        )
        webhook_endpoints.add(tx, endpoint)
        _note(tx, "add endpoint", endpoint_id)
    return NewEndpointOut(**_to_out(endpoint, {}).model_dump(), secret=secret)


def show_all() -> EndpointsOut:
    """All endpoints, the oldest first; none tells its secret."""
    with runtime().services.database.read() as tx:
        found, counts = webhook_endpoints.find_all(tx), webhook_endpoints.counts(tx)
    return EndpointsOut(endpoints=[_to_out(endpoint, counts) for endpoint in found])


def show(endpoint_id: str) -> EndpointOut:
    """An endpoint as it stands."""
    with runtime().services.database.read() as tx:
        return _shown(tx, endpoint_id)


def change(endpoint_id: str, body: EndpointChange) -> EndpointOut:
    """Change what an endpoint is told of, and where; pause it, or switch it on again."""
    services, given = runtime().services, body.model_dump(exclude_unset=True)
    for name in ("url", "version", "state"):
        if name in given and given[name] is None:
            detail = f"Send {name}, or leave it out to keep it."
            raise RefusedRequest("invalid_value", detail, field=name)
    state = given.pop("state", None)
    if body.url is not None:
        webhook_addresses.check(body.url, services.settings)
    wake: list[Wake] = []
    with services.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
        if given:
            _check_ours(endpoint)
            if body.url not in (None, endpoint.url):
                given["failing_since"] = None  # the new address has refused nothing yet
            webhook_endpoints.change(tx, endpoint_id, **given)
        if state == "paused" and endpoint.state == "on":
            endpoint_callbacks.pause(tx, endpoint)
        if state == "on" and endpoint.state != "on":
            wake = endpoint_callbacks.resume(tx, endpoint, now=services.now())
        _note(tx, "change endpoint", endpoint_id, state or "")
        shown = _shown(tx, endpoint_id)
    runtime().actors.wake_outbox(wake)
    return shown


def delete(endpoint_id: str) -> tuple[str, int]:
    """Post nothing there any more. What it was owed goes with it."""
    with runtime().services.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
        _check_ours(endpoint)
        endpoint_callbacks.drop(tx, endpoint, now=runtime().services.now())
        _note(tx, "delete endpoint", endpoint_id)
    return "", 204


def rotate(endpoint_id: str, body: RotateIn) -> SecretOut:
    """Give an endpoint a new secret. For some hours the one before signs, too."""
    services, secret = runtime().services, webhook_addresses.new_secret()
    until = services.now() + timedelta(hours=body.overlap_hours)
    with services.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
        _check_ours(endpoint)
        old = services.vault.open(endpoint_id, endpoint.sealed or b"")["secret"]
        sealed = services.vault.seal(endpoint_id, {"secret": secret, "old": old})
        webhook_endpoints.change(tx, endpoint_id, sealed=sealed, old_until=until)
        _note(tx, "rotate secret", endpoint_id)
    return SecretOut(secret=secret, old_until=iso_or_none(until) or "")


def send_test(endpoint_id: str) -> TestSentOut:
    """Post an event of the type `endpoint.test`, which says nothing; see `attempts`."""
    services = runtime().services
    with services.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id)
        event_id, wake = endpoint_callbacks.send_test(tx, endpoint, now=services.now())
    runtime().actors.wake_outbox(wake)
    return TestSentOut(event_id=event_id)


def show_attempts(endpoint_id: str) -> AttemptsOut:
    """How the latest posts went: when, the status, and for how long; never what was said."""
    with runtime().services.database.read() as tx:
        webhook_endpoints.get(tx, endpoint_id)
        found = webhook_endpoints.attempts(tx, endpoint_id, limit=SHOWN)
    shown = []
    for each in found:
        attempt = AttemptOut(
            event_id=each.event_id,
            type=each.topic,
            at=iso_or_none(each.at) or "",
            status=each.status,
            duration_ms=each.duration_ms,
        )
        shown.append(attempt)
    return AttemptsOut(attempts=shown)


def replay(endpoint_id: str, body: ReplayIn) -> ReplayOut:
    """Send again: one event, all since a time, or all that was given up; under the same ids."""
    services, since = runtime().services, moment("since", body.since)
    if [body.event_id is not None, since is not None, body.dead].count(True) != 1:
        detail = "Send one of event_id, since and dead."
        raise RefusedRequest("one_of_three", detail, field="since")
    wake: list[Wake] = []
    with services.database.write() as tx:
        endpoint = webhook_endpoints.get(tx, endpoint_id, lock=True)
        if since is not None:
            _check_reads_feed(endpoint)
            count = endpoint_callbacks.go_back(tx, endpoint, since)
        elif body.event_id is not None:
            wake = endpoint_callbacks.send_again(tx, endpoint, body.event_id, services.now())
            count = len(wake)
        else:
            count, wake = endpoint_callbacks.send_dead_again(tx, endpoint, now=services.now())
        _note(tx, "replay", endpoint_id, f"{count} events")
    runtime().actors.wake_outbox(wake)
    return ReplayOut(events=count)


def _check_ours(endpoint: WebhookEndpoint) -> None:
    if endpoint.id == OF_SETTINGS:
        detail = "Change COACHCAL_CALLBACK_URL and COACHCAL_CALLBACK_SECRET instead."
        raise Refused("endpoint_of_settings", detail)


def _check_reads_feed(endpoint: WebhookEndpoint) -> None:
    """The settings' own is owed each event with its change, under another key than those that
    read the feed: going back, it would be told twice, and of a state perhaps not the latest.
    """
    if endpoint.id == OF_SETTINGS:
        detail = "Read GET /v1/events from then on, or make an endpoint. Do not send since."
        raise Refused("endpoint_of_settings", detail)


def _note(tx: Tx, action: str, endpoint_id: str, detail: str = "") -> None:
    deed = Deed(runtime().services.now(), asking().actor, action, endpoint_id, detail)
    audit_log.note(tx, deed)


def _lists(given: dict[str, Any]) -> dict[str, Any]:
    """As an endpoint keeps them."""
    for name in webhook_endpoints.LISTS:
        if given[name] is not None:
            given[name] = tuple(given[name])
    return given


def _list(kept: tuple[str, ...] | None) -> list[str] | None:
    if kept is None:
        return None
    return list(kept)


def _shown(tx: Tx, endpoint_id: str) -> EndpointOut:
    counts = webhook_endpoints.counts(tx, endpoint_id)
    return _to_out(webhook_endpoints.get(tx, endpoint_id), counts)


def _to_out(endpoint: WebhookEndpoint, counts: dict[tuple[str, str], int]) -> EndpointOut:
    found = {state: counts.get((endpoint.id, state), 0) for state in ("pending", "sending", "dead")}
    return EndpointOut(
        id=endpoint.id,
        url=endpoint.url,
        types=_list(endpoint.types),
        coach_ids=_list(endpoint.coach_ids),
        company_ids=_list(endpoint.company_ids),
        version=endpoint.version,
        state=endpoint.state,
        failing_since=iso_or_none(endpoint.failing_since),
        of_settings=endpoint.id == OF_SETTINGS,
        waiting=found["pending"] + found["sending"],
        dead=found["dead"],
        created_at=iso_or_none(endpoint.created_at) or "",
    )
