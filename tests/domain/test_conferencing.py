"""Who makes the link of a session, as its event asks for it."""

from dataclasses import replace
from typing import Any

import pytest

from domain.conferencing import Conferencing, asked, awaits_link, is_assigned_later
from domain.places import Place
from domain.sessions import Session
from tests.support import people

SESSION = Session("ses_1", "ada", "one_to_one", people.at(2, 10), people.at(2, 11), 900, people.NOW)
VIDEO = Place("conferencing")
LINK = "https://meet.example/a"


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        (None, None),
        (Place("phone", "+44 20 7946 0018"), None),
        (Place("address", "1 High Street"), None),
        (VIDEO, Conferencing("default")),
        (Place("conferencing", "integrated"), Conferencing("integrated")),
        (Place("conferencing", "pro_zoom"), Conferencing("pro_zoom")),
        (
            Place("url", "https://zoom.example/j/1?pwd=x"),
            Conferencing("explicit", "zoom.example", "https://zoom.example/j/1?pwd=x"),
        ),
        (
            Place("platform", "https://os.example/room"),
            Conferencing("explicit", "os.example", "https://os.example/room"),
        ),
    ],
)
def test_an_event_asks_for_what_its_place_needs(
    place: Place | None, wanted: Conferencing | None
) -> None:
    assert asked(place) == wanted


@pytest.mark.parametrize(
    ("profile_id", "provider", "becomes"),
    [
        ("integrated", "google", "integrated"),
        ("integrated", "exchange", "integrated"),
        ("integrated", "google_free_busy", "default"),
        ("integrated", "ms_graph_free_busy", "default"),
        ("integrated", "cronofy", "default"),
        ("default", "google_free_busy", "default"),
        ("pro_zoom", "google_free_busy", "pro_zoom"),
    ],
)
def test_a_calendar_that_makes_no_links_is_not_asked_for_one(
    profile_id: str, provider: str, becomes: str
) -> None:
    assert Conferencing(profile_id).within(provider) == Conferencing(becomes)


@pytest.mark.parametrize(
    ("changes", "later", "awaits"),
    [
        ({}, False, False),
        ({"place": VIDEO}, True, True),
        ({"place": VIDEO, "join_url": LINK}, True, False),
        ({"place": VIDEO, "active": False}, False, False),
        ({"place": Place("url", LINK)}, False, False),
    ],
)
def test_only_a_session_by_video_waits_for_a_link(
    changes: dict[str, Any], later: bool, awaits: bool
) -> None:
    session = replace(SESSION, **changes)
    assert (is_assigned_later(session), awaits_link(session)) == (later, awaits)
