"""After the faults: everything is mended, and then it is waited until nothing is owed any more."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from redis import Redis
from redis.exceptions import RedisError

from tests.chaos.evidence import Violation
from tests.chaos.scene import Scene
from tests.chaos.seeing import Onlooker

QUIET_SECONDS = 90.0
STEADY = 4
LOOK_SECONDS = 0.5
TELL_SECONDS = 5.0


def heal(scene: Scene) -> None:
    """What a fault left behind, should one have stopped half-way."""
    scene.proxies.behave_all()
    scene.control.clear_faults()
    scene.control.pushes(drop=0, duplicate=0, reorder=0, delay=0)
    scene.control.conferencing(seconds=0)
    scene.office.relent()
    scene.office.on_data = None
    scene.platform.usually = 204
    for disk in scene.disks.values():
        disk.free()
    with suppress(RedisError), Redis.from_url(scene.redis.url, socket_timeout=5) as client:
        client.config_set("maxmemory", "0")
    scene.database.heal()


def read_all_again(scene: Scene) -> None:
    """A change in each account: with each read of a calendar, writes to it of unknown outcome are
    looked at again.
    """
    for coach in scene.coaches.values():
        scene.control.notify(coach.sub, "change")


def until_quiet(
    scene: Scene, onlooker: Onlooker, tell: Callable[[str], None], *, steady_looks: int = STEADY
) -> bool:
    """Whether all that was owed was done in time; what was not is written down. `steady_looks`: so
    many in a row must find nothing.
    """
    patience = QUIET_SECONDS * scene.patience
    end = time.monotonic() + patience
    steady, next_told = 0, 0.0
    while True:
        left = list(_left(scene, onlooker))
        steady = 0 if left else steady + 1
        if steady == steady_looks:
            return True
        if time.monotonic() > end:
            # Of no fault in particular: it counts in the table's last line only.
            what = f"after {patience:.0f} s there is still: {'; '.join(left)}"
            scene.journal.incidents.append(Violation("G6", what, "lost"))
            return False
        if left and time.monotonic() > next_told:
            next_told = time.monotonic() + TELL_SECONDS
            tell(f"waiting: {'; '.join(left)}")
        time.sleep(LOOK_SECONDS)


def _left(scene: Scene, onlooker: Onlooker) -> Iterator[str]:
    """What is owed now. Reminders that are not due yet may wait, and so may what was never due to
    be sent.
    """
    now = round(time.time() * 1000)
    due = f"due_at <= {now} GROUP BY kind, topic, state"
    owed = (
        "SELECT kind, topic, state, COUNT(*) AS many FROM outbox WHERE state IN ('pending',"
        " 'sending') AND "
    )
    for row in scene.database.query(owed + due):
        yield f"{row['many']} {row['kind']} {row['topic']} {row['state']}"
    unread = scene.database.query("SELECT coach_id FROM connections WHERE done_gen < req_gen")
    if unread:
        yield f"{len(unread)} calendars to read"
    # Found by a reading, mailed of by the next sweep: between the two no row is owed yet.
    unmailed = scene.database.query(
        "SELECT session_id FROM event_differences WHERE kind != 'settled' AND"
        " (mailed_token IS NULL OR mailed_token != token)"
    )
    if unmailed:
        yield f"{len(unmailed)} changes of events to mail of"
    if pushes := scene.control.pending():
        yield f"{pushes} pushes"
    if onlooker.unseen:
        yield f"{onlooker.unseen} edits that no listing shows"
