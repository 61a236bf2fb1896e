"""The storm on a page: what it says, what it draws, and how often it looks."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from domain.push_stages import STAGES, Stage
from storage.reports.stage_waits import Seen, Storm, Waiting
from tests.browser import scene
from tests.support import people
from tests.support.http_client import Desk
from webhooks.http.shared_looks import StormLook
from webhooks.ops.plots import HEIGHT, WIDTH
from webhooks.ops.storms import WORDS, draw, verdict

NOW = people.NOW
EMPTY = Storm([], None)


def seen(pushes: int, *, minutes_ago: int = 0, **ms: float) -> Seen:
    return Seen(
        NOW - timedelta(minutes=minutes_ago),
        pushes,
        {stage: ms.get(stage, 0.0) for stage in STAGES},
    )


def said(storm: Storm) -> str:
    return verdict(StormLook(storm, 0.0, NOW))


def test_the_sentence_says_what_most_of_the_time_is_spent_on() -> None:
    storm = Storm([], seen(12, queue=60.0, cronofy=240.0))
    assert said(storm) == (
        "A push is seen after 300 ms, on average of 12. 80 % of that is spent on Cronofy, which"
        " answers late or fails."
    )


def test_what_waits_for_long_is_told_before_what_was_seen() -> None:
    waiting: dict[Stage, Waiting] = {"gap": Waiting(3, 4.0), "budget": Waiting(40, 61.0)}
    assert said(Storm([], seen(1, queue=5.0), waiting)) == (
        "Calendars with news that wait: 43, the oldest for 1 min. Most of them (40) wait for our"
        " rate budget for Cronofy."
    )
    assert "seen after" in said(Storm([], seen(1, queue=5.0), {"gap": Waiting(3, 4.0)}))


def test_a_quiet_minute_is_told_as_one() -> None:
    assert said(EMPTY) == "Nothing was pushed in the last minute, and nothing waits."


def test_a_column_stands_at_its_minute_and_is_as_high_as_its_stages() -> None:
    drawing = draw([seen(1, minutes_ago=2, gap=30.0, database=10.0)], NOW)
    assert drawing.top == 40
    (column,) = drawing.columns
    assert column.x == WIDTH - 3 * drawing.width
    assert [(piece.stage, piece.height) for piece in column.pieces] == [
        ("gap", HEIGHT * 3 / 4),
        ("database", HEIGHT / 4),
    ]
    assert column.pieces[-1].y == 0


def test_every_stage_is_named_and_explained_on_the_page(inside: Desk) -> None:
    scene.storm(inside.database)
    page = inside.client.get("/ops/storm").text
    for words in WORDS.values():
        assert words.label in page
    assert "Calendars with news that wait" in page
    assert "Redis is away: nobody knows when the rate budget has its next free call." in page


def test_however_many_watch_the_database_is_asked_once(inside: Desk) -> None:
    asked = []
    engine = inside.database.engine
    inside.client.get("/ops/storm")

    def note(*args: object) -> None:
        if "pushed_since_ms" in str(args[2]):
            asked.append(1)

    event.listen(engine, "before_cursor_execute", note)
    for _ in range(10):
        assert inside.client.get("/ops/storm/live").status_code == 200
    assert len(asked) <= 1  # the look may have become too old meanwhile


def test_it_is_for_those_of_ops_alone(desk: Desk) -> None:
    assert desk.client.get("/ops/storm").status_code == 303
    assert desk.client.get("/ops/storm/live").status_code in {303, 401, 403}


@pytest.mark.parametrize("path", ["/ops/storm", "/ops/storm/live"])
def test_it_never_names_a_coach(inside: Desk, path: str) -> None:
    scene.storm(inside.database)
    assert "ada" not in inside.client.get(path).text
