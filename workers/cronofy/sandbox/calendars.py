"""Reading and writing over HTTP: free/busy, events, batches, channels, availability."""

from flask import Response, request

from workers.cronofy.sandbox import availability as planner
from workers.cronofy.sandbox import channels as notifications
from workers.cronofy.sandbox import paging, reading, writing
from workers.cronofy.sandbox.caller import application_or_caller, caller
from workers.cronofy.sandbox.fault_injection import carry_out, vanished
from workers.cronofy.sandbox.responses import answer, body, current_world, empty, flag
from workers.cronofy.sandbox.world import SandboxChannel, World


def free_busy() -> Response:
    """GET /v1/free_busy."""
    world = current_world()
    _, account = caller("read_free_busy", "read_events")
    query = reading.read_query(world, account, request.args, vanished())
    return answer(paging.first(world, account.sub, "free_busy", reading.free_busy(query)))


def events() -> Response:
    """GET /v1/events: `only_managed=true` needs no reading scope."""
    world = current_world()
    needs = ["read_events"]
    if flag("only_managed"):
        needs = []
    _, account = caller(*needs)
    query = reading.read_query(world, account, request.args, vanished())
    return answer(paging.first(world, account.sub, "events", reading.events(query)))


def free_busy_page(page_id: str) -> Response:
    """GET /v1/free_busy/pages/{id}."""
    return _page("free_busy", page_id)


def events_page(page_id: str) -> Response:
    """GET /v1/events/pages/{id}."""
    return _page("events", page_id)


def upsert_event(calendar_id: str) -> Response:
    """POST /v1/calendars/{id}/events: 202 and no body."""
    access, _ = caller()
    world, asked = current_world(), body()
    carry_out(lambda: writing.upsert(world, access, calendar_id, asked))
    return empty(202)


def delete_event(calendar_id: str) -> Response:
    """DELETE /v1/calendars/{id}/events, the event named in the body."""
    access, _ = caller()
    world, asked = current_world(), body()
    carry_out(lambda: writing.delete(world, access, calendar_id, asked))
    return empty(202)


def participate(calendar_id: str, event_uid: str) -> Response:
    """POST /v1/calendars/{id}/events/{uid}/participation_status: 202."""
    access, _ = caller()
    world, asked = current_world(), body()
    carry_out(lambda: writing.participate(world, access, calendar_id, event_uid, asked))
    return empty(202)


def delete_events() -> Response:
    """DELETE /v1/events:
    what to delete stands in the body, or in the query as the Python client does it.
    """
    _, account = caller("delete_event")
    asked = body()
    if "delete_all" in request.args:
        asked.setdefault("delete_all", request.args["delete_all"])
    if request.args.getlist("calendar_ids[]"):
        asked.setdefault("calendar_ids", request.args.getlist("calendar_ids[]"))
    writing.delete_all(current_world(), account, asked)
    return empty(202)


def batch() -> Response:
    """POST /v1/batch: 207 with one outcome per entry."""
    access, _ = caller()
    return answer({"batch": writing.batch(current_world(), access, body().get("batch"))}, 207)


def availability() -> Response:
    """POST /v1/availability, with the API key or an access token."""
    application_or_caller()
    return answer(planner.available(current_world(), body()))


def open_channel() -> Response:
    """POST /v1/channels: 200; the `verification` goes out when this answer has been sent."""
    world = current_world()
    _, account = caller("read_free_busy", "read_events", "create_event")
    channel, is_new = notifications.open_channel(world, account, body())
    response = answer({"channel": notifications.shown(channel)})
    # After the answer: nothing that is known of Cronofy lets a failed verification refuse a
    # channel.
    if is_new:
        response.call_on_close(lambda: _verify(world, channel))
    return response


def list_channels() -> Response:
    """GET /v1/channels: open ones only."""
    _, account = caller()
    mine = notifications.listed(current_world(), account)
    return answer({"channels": [notifications.shown(channel) for channel in mine]})


def close_channel(channel_id: str) -> Response:
    """DELETE /v1/channels/{id}: 202."""
    _, account = caller()
    notifications.close_channel(current_world(), account, channel_id)
    return empty(202)


def _page(kind: str, page_id: str) -> Response:
    _, account = caller()
    return answer(paging.following(current_world(), account.sub, kind, page_id))


def _verify(world: World, channel: SandboxChannel) -> None:
    with world.lock:
        notifications.push(world, channel, "verification")
