"""What each viewer of the booking page may, and what not: the whole matrix."""

import re
from dataclasses import replace

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    HEDY,
    enter,
    fields,
)
from tests.webhooks.pages.viewers.kit import ACME, CLOSED, EVIL, OPEN, STAFF, come, pod
from webhooks.http.permissions import NEEDS, RIGHTS, May

ROUTES = {
    ("GET", "/book"): (200, 200, 200),
    ("GET", "/book/grid"): (200, 200, 200),
    ("GET", "/book/confirm?start={open}&duration=60"): (200, 200, 200),
    ("GET", "/book/confirm?start={closed}&duration=60"): (409, 200, 409),
    ("GET", "/book?move={theirs}"): (404, 200, 404),
    ("GET", "/book/bookings/{mine}"): (200, 200, 200),
    ("GET", "/book/bookings/{theirs}"): (404, 200, 404),
    ("GET", "/book/bookings/{theirs}/cancel"): (404, 200, 404),
    ("GET", "/book/bookings/{mine}/calendar"): (200, 200, 200),
    ("GET", "/book/bookings/{theirs}/calendar"): (404, 200, 404),
    ("GET", "/book/bookings/{seat}"): (404, 404, 404),
    ("GET", "/book/changes"): (404, 200, 404),
    ("GET", "/book/feeds"): (200, 200, 404),
    ("GET", "/book/groups/{pod}"): (404, 200, 200),
    ("GET", "/book/groups/{pod}/off"): (404, 200, 404),
    ("GET", "/book/groups/{evil}"): (404, 200, 404),
    ("POST", "/book/choose"): (303, 303, 303),
    ("POST", "/book/choose?move={theirs}"): (404, 303, 404),
    ("POST", "/book"): (303, 303, 303),
    ("POST", "/book?force"): (404, 303, 404),
    ("POST", "/book/bookings/{mine}/cancel"): (303, 303, 303),
    ("POST", "/book/bookings/{mine}/cancel?excused"): (404, 303, 404),
    ("POST", "/book/bookings/{theirs}/cancel"): (404, 303, 404),
    ("POST", "/book/bookings/{theirs}/move"): (404, 303, 404),
    ("POST", "/book/bookings/{mine}/move?force"): (404, 303, 404),
    ("POST", "/book/bookings/{seat}/cancel"): (404, 404, 404),
    ("POST", "/book/changes/{pod}"): (404, 409, 404),
    ("POST", "/book/feeds"): (201, 201, 404),
    ("POST", "/book/feeds/{pod}/revoke"): (303, 303, 404),
    ("POST", "/book/groups/{pod}/join"): (303, 303, 303),
    ("POST", "/book/groups/{given}/join"): (409, 409, 303),
    ("POST", "/book/groups/{evil}/join"): (404, 404, 404),
    ("POST", "/book/groups"): (404, 303, 303),
    ("POST", "/book/groups?force"): (404, 303, 404),
    ("POST", "/book/groups/{pod}/off"): (404, 303, 404),
    ("POST", "/book/groups/{evil}/off"): (404, 303, 404),
}
"""What a participant, the coach and a manager of the company are answered. `mine` is Grace's, for
whom they come; `theirs` Hedy's 1:1, `seat` her seat in a group, `evil` a group of another
company's, `given` one that is assigned.
"""


@pytest.mark.parametrize("viewer", ["participant", *STAFF])
@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_each_viewer_may_what_the_matrix_says_and_what_they_may_not_changes_nothing(
    one_desk: Desk, viewer: str, method: str, path: str
) -> None:
    mine = enter(one_desk, context=ACME).book(people.at(1, 10))
    theirs = enter(one_desk, context=ACME, participant=HEDY).book(people.at(1, 14))
    ours = pod(one_desk, participants=[HEDY])
    with one_desk.database.read() as tx:
        seat = next(
            row.id for row in tx.execute(tables.bookings.select()) if row.session_id == ours
        )
    evil = pod(one_desk, "2026-06-05T13:00:00Z", context=EVIL, participants=[HEDY])
    given = pod(one_desk, "2026-06-05T09:00:00Z", format="closed")
    visitor = come(one_desk, viewer)
    names = {
        "open": OPEN,
        "closed": CLOSED,
        "mine": mine,
        "theirs": theirs,
        "seat": seat,
        "pod": ours,
    }
    target, _, forced = path.format(**names, evil=evil, given=given).partition("?force")
    form = None
    if method == "POST":
        given_fields = {
            "version": "1",
            "min_seats": "1",
            "max_seats": "2",
            "format": "open",
            "pod": ours,
            "to": "session",
        }
        form = visitor.confirm(OPEN) | given_fields
        if path.endswith("force"):
            form |= {"start": str(CLOSED), "force": "They agreed"}
        if path.endswith("excused"):
            form |= {"excused": "1"}
    before = one_desk.dump()
    answer = visitor.client.open(target + forced, method=method, data=form)
    wanted = ROUTES[method, path][("participant", *STAFF).index(viewer)]
    assert answer.status_code == wanted, answer.text
    if wanted not in (201, 303):
        assert one_desk.dump() == before
    if viewer != "coach" and wanted == 404:
        assert "Hedy" not in answer.text


def test_every_route_that_is_not_for_everybody_is_in_the_matrix(one_desk: Desk) -> None:
    """A new page of bookings has to be thought about here."""
    rules = [
        (method, re.sub(r"<\w+>", "*", rule.rule))
        for rule in one_desk.client.application.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if rule.rule.startswith("/book")
    ]
    asked = {(method, re.sub(r"\{\w+\}", "*", path.partition("?")[0])) for method, path in ROUTES}
    # a participant's own deed, on a seat that `Guest.handles` looks up as it does everywhere
    assert set(rules) - asked == {("POST", "/book/bookings/*/group")}
    endpoints = {rule.endpoint for rule in one_desk.client.application.url_map.iter_rules()}
    assert NEEDS.keys() <= endpoints
    assert RIGHTS["participant"] == frozenset()
    assert May.assign not in RIGHTS["coach"]
    assert (
        not {May.see_reasons, May.force, May.run_sessions, May.excuse, May.call_off, May.settle}
        & RIGHTS["manager"]
    )


@pytest.mark.parametrize("viewer", STAFF)
def test_another_coach_s_sessions_and_groups_are_not_there(one_desk: Desk, viewer: str) -> None:
    people.ready(one_desk.database, replace(people.MAILED, id="bob"))
    away = enter(one_desk, coach_id="bob", context=ACME).book(OPEN)
    theirs = pod(one_desk, coach_id="bob", participants=[HEDY])
    visitor = come(one_desk, viewer)
    form = visitor.confirm(OPEN + 7200) | {"version": "1", "start": str(people.at(5, 9))}
    page = visitor.get("/book?week=2026-06-01").text
    assert away not in page
    assert theirs not in page
    before = one_desk.dump()
    for path in (f"/book/bookings/{away}", f"/book/bookings/{away}/cancel",
        f"/book/groups/{theirs}",
                 f"/book/groups/{theirs}/off", f"/book?move={away}"):  # fmt: skip
        assert visitor.get(path).status_code == 404
    for path in (f"/book/bookings/{away}/cancel", f"/book/bookings/{away}/move",
        f"/book/groups/{theirs}/off",
                 f"/book/groups/{theirs}/join"):  # fmt: skip
        assert visitor.post(path, form).status_code == 404
    assert one_desk.dump() == before


def test_a_coach_s_form_is_of_no_use_to_a_participant(one_desk: Desk) -> None:
    form = come(one_desk, "coach").confirm(CLOSED) | {"force": "They agreed"}
    guest = come(one_desk, "participant")
    before = one_desk.dump()
    assert guest.post("/book", form).status_code == 403
    assert guest.post("/book", form | {"csrf": guest.confirm(OPEN)["csrf"]}).status_code == 404
    assert one_desk.dump() == before


@pytest.mark.parametrize("viewer", STAFF)
def test_without_a_participant_nobody_is_booked(one_desk: Desk, viewer: str) -> None:
    visitor = come(one_desk, viewer, participant=None)
    page = visitor.get("/book/confirm", query_string={"start": OPEN, "duration": 60})
    assert 'action="/book"' not in page.text
    mine = pod(one_desk)
    # No button of the week leads anywhere but to the question
    assert re.findall('formaction="([^"]*)"', visitor.get("/book").text) == []
    before = one_desk.dump()
    for path in ("/book", f"/book/groups/{mine}/join"):
        assert visitor.post(path, fields(page)).status_code == 404
    assert one_desk.dump() == before
