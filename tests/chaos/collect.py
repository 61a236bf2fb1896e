"""What a run left behind, gathered as plain values for the checks, and kept in the folder for
people.
"""

import json
import pickle
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from tests.chaos.evidence import Callback, Event, Evidence, Letter, Operation
from tests.chaos.nemesis import Episode
from tests.chaos.people import CANARY, COACHES, DURATION, text
from tests.chaos.scene import BOUND_SECONDS, LEASE_SECONDS, Scene
from webhooks.demo.stage import Api

LISTED_DAYS = 14
READ_SECONDS = 10.0
LOOK_SECONDS = 0.1
# Whoever reads may be frozen past its lease, for less than 8 s, and stores what it read after that
# if nobody took over.
LONGEST_READ = LEASE_SECONDS + 8


def gather(scene: Scene, episodes: list[Episode], deliveries: list[dict[str, Any]]) -> Evidence:
    """All of it. Quiet must have been waited for."""
    listings = {coach_id: {DURATION: _listing(scene, coach_id)} for coach_id in (*COACHES, CANARY)}
    now = time.time()
    return Evidence(
        operations=_with_pushes(scene, deliveries),
        tables=scene.database.tables(),
        letters=list(_letters(scene)),
        callbacks=list(_callbacks(scene)),
        events=list(_events(scene)),
        listings=listings,
        now=now,
        faults=[(each.began, each.ended, each.name) for each in episodes],
        clock_zero=now - scene.journal.since_epoch(now),
        bound=BOUND_SECONDS * scene.patience,
        patience=scene.patience,
        ended=list(scene.journal.ended),
        sightings=list(scene.journal.sightings),
        longest_read=LONGEST_READ * scene.patience,
        parted=[(each.began, each.ended) for each in episodes if each.leaves_a_rest],
    )


def keep(scene: Scene, evidence: Evidence) -> None:
    """As a pickle for programs (`Evidence` as it is), and the operations as JSON lines
    for people.
    """
    (scene.folder / "evidence.pickle").write_bytes(pickle.dumps(evidence))
    with (scene.folder / "operations.jsonl").open("w") as lines:
        for operation in evidence.operations:
            lines.write(json.dumps(asdict(operation), default=str) + "\n")


def new_deliveries(scene: Scene, known: dict[tuple[int, int], dict[str, Any]]) -> None:
    """Add the pushes that were attempted lately: the sandbox remembers some thousands only."""
    for each in scene.control.deliveries():
        known[each["number"], each["attempt"]] = each


def push_times(
    scene: Scene, deliveries: list[dict[str, Any]]
) -> Iterator[tuple[float, dict[str, Any]]]:
    """When each attempt to push was answered, on the run's clock."""
    for each in deliveries:
        yield scene.journal.since_epoch(datetime.fromisoformat(each["at"]).timestamp()), each


def _with_pushes(scene: Scene, deliveries: list[dict[str, Any]]) -> list[Operation]:
    """An edit is answered by the first push of its account that was accepted after it: a later read
    is owed then.
    """
    channels = {each["id"]: each["sub"] for each in scene.control.state()["channels"]}
    accepted: dict[str, list[tuple[float, int]]] = {}
    for when, each in sorted(push_times(scene, deliveries), key=itemgetter(0)):
        if each["outcome"] == "delivered" and each["channel_id"] in channels:
            accepted.setdefault(channels[each["channel_id"]], []).append((when, each["status"]))
    return [_with_push(scene, each, accepted) for each in scene.journal.operations]


def _with_push(
    scene: Scene, edit: Operation, accepted: dict[str, list[tuple[float, int]]]
) -> Operation:
    if edit.kind != "edit":
        return edit
    pushes = accepted.get(scene.coaches[edit.coach_id].sub, [])
    answered, status = next((push for push in pushes if push[0] >= edit.sent), (None, None))
    answer = {"visible": scene.journal.visible.get(edit.number)}
    return replace(edit, answered=answered, status=status, answer=answer)


def _letters(scene: Scene) -> Iterator[Letter]:
    for each in scene.office.taken:
        for recipient in each.recipients:
            yield Letter(scene.journal.since(each.at), recipient, each.source)


def _callbacks(scene: Scene) -> Iterator[Callback]:
    for call in scene.platform.calls:
        status = 429 if call.status is None else call.status
        yield Callback(scene.journal.since(call.taken), call.id, json.loads(call.body), status)


def _events(scene: Scene) -> Iterator[Event]:
    """What is in the calendars in the end; what was deleted is not."""
    owners = {coach.sub: coach.id for coach in scene.coaches.values()}
    for account in scene.control.state()["accounts"]:
        for profile in account["profiles"]:
            for calendar in profile["calendars"]:
                for event in calendar["events"]:
                    if not event["deleted"]:
                        yield _event(owners[account["sub"]], calendar["calendar_id"], event)


def _event(coach_id: str, calendar_id: str, event: dict[str, Any]) -> Event:
    start, end = (int(datetime.fromisoformat(event[name]).timestamp()) for name in ("start", "end"))
    return Event(
        coach_id,
        calendar_id,
        start,
        end,
        event["status"] != "free",
        event["event_id"],
        declined=event["participation_status"] == "declined",
        join_url=(event["conferencing"] or {}).get("join_url"),
    )


def _listing(scene: Scene, coach_id: str) -> dict[str, Any]:
    api = Api(scene.fleet.webs()[0].origin, scene.key)
    since = datetime.now().astimezone()
    query = {
        "from": text(since),
        "to": text(since + timedelta(days=LISTED_DAYS)),
        "duration": str(DURATION),
    }
    end = time.monotonic() + READ_SECONDS * scene.patience
    while True:
        found = api.get(f"/v1/coaches/{coach_id}/slots", **query)
        # Though all is quiet, each calendar is reconciled once a minute: that is soon over.
        if found["state"] != "refreshing" or time.monotonic() > end:
            return found
        time.sleep(LOOK_SECONDS)
