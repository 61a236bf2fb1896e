"""Grid and lists of a viewer's page are one answer, which is sent again only when it changed."""

import re

import pytest

from tests.support.http_client import Desk
from tests.support.page_visitor import (
    HEDY,
    booking_in,
    enter,
    fields,
)
from tests.webhooks.pages.viewers.kit import ACME, STAFF, come, pod, seats_of


@pytest.mark.parametrize("viewer", ["participant", *STAFF])
def test_grid_and_lists_are_one_answer_that_is_sent_again_only_when_it_changed(
    one_desk: Desk, viewer: str
) -> None:
    group = pod(one_desk)
    visitor = come(one_desk, viewer)
    path = "/book/grid?week=2026-06-01&duration=60"
    first = visitor.get(path)
    known = {"If-None-Match": first.headers["ETag"]}
    assert first.headers["Cache-Control"] == "no-store"
    assert re.findall(r'data-part="(\w+)"', first.text) == ["meetings", "grid", "groups"]
    assert "Seats left: 3" in first.text
    assert "csrf" not in first.text  # nor a key: whoever only looks again is told nothing new
    assert (
        visitor.get(path, headers=known).status_code,
        visitor.get(path, headers=known).text,
    ) == (304, "")
    other = enter(one_desk, participant=HEDY, context=ACME)
    assert other.post(f"/book/groups/{group}/join", fields(other.get("/book"))).status_code == 303
    again = visitor.get(path, headers=known)
    assert again.status_code == 200
    assert "Seats left: 2" in again.text
    assert ("Hedy Lamarr" in again.text) is (viewer != "participant")


def test_the_buttons_of_one_form_join_several_groups(one_desk: Desk) -> None:
    groups = [pod(one_desk), pod(one_desk, "2026-06-04T09:00:00Z")]
    guest = come(one_desk, "participant")
    form = fields(guest.get("/book"))
    first, second = (booking_in(guest.post(f"/book/groups/{group}/join", form)) for group in groups)
    assert first != second
    assert booking_in(guest.post(f"/book/groups/{groups[0]}/join", form)) == first
    assert seats_of(one_desk) == [("grace", "booked")] * 2
