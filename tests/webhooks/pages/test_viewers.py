"""The booking page as coaches and programme managers see it, and what each viewer may not: the
whole matrix.
"""

import html
import re
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import (
    GRACE,
    HEDY,
    Visitor,
    booking_in,
    enter,
    fields,
    follow,
    path_of,
)
from tests.support.page_visitor import link as made_link
from tests.webhooks.api.test_bookings import POD, post
from webhooks.http.page_sessions import signer
from webhooks.http.permissions import NEEDS, RIGHTS, May

BUSY = (people.at(3, 12), people.at(3, 14))
OPEN, CLOSED, EVENING = people.at(4, 9), people.at(3, 12), people.at(4, 18)
ACME, LEADERS, EVIL = (
    {"company": "acme"},
    {"company": "acme", "project": "leaders"},
    {"company": "evil"},
)
MARY = {"id": "mary", "name": "Mary Jackson", "email": "mary@example.test", "zone": "UTC"}
STAFF = ("coach", "manager")
WHY = re.compile(r"<td class=([rf])[^>]*>([\w ]+)")
"""`f`: what may be forced, of which a script makes buttons."""


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """Ada's desk; on Wednesday 12:00-14:00 UTC her calendar is busy."""
    people.ready(desk.database, people.MAILED, BUSY)
    return desk


@pytest.fixture
def one_desk(one_desk: Desk) -> Desk:
    people.ready(one_desk.database, people.MAILED, BUSY)
    return one_desk


def come(desk: Desk, viewer: str, **changes: Any) -> Visitor:
    """Somebody who books for Grace, at Acme."""
    return enter(desk, **{"viewer": viewer, "context": ACME} | changes)


def pod(desk: Desk, start: str = "2026-06-02T13:00:00Z", **changes: Any) -> str:
    made = post(desk, "/v1/pods", POD | {"start": start, "context": ACME, "max_seats": 3} | changes)
    assert made.status_code == 201, made.text
    return str(made.json["session_id"])


def sessions_of(desk: Desk) -> list[Any]:
    with desk.database.read() as tx:
        return list(tx.execute(tables.sessions.select().order_by(tables.sessions.c.starts)))


def seats_of(desk: Desk) -> list[tuple[str, str]]:
    with desk.database.read() as tx:
        return sorted(
            (row.participant_id, row.status) for row in tx.execute(tables.bookings.select())
        )


def group_form(visitor: Visitor, start: int, **changes: str) -> dict[str, str]:
    """The confirmation's form for a group, filled in."""
    page = visitor.get("/book/confirm", query_string={"start": start, "duration": 60})
    assert page.status_code == 200, page.text
    given = {"title": "Circle", "min_seats": "2", "max_seats": "4", "format": "open"}
    return fields(page) | given | changes


# -- links
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"viewer": "ops"}, "unknown_word", "viewer"),
        ({"viewer": None, "participant": None}, "missing", "participant"),
        ({"viewer": "coach", "participant": None, "booking_id": "bkg_1"}, "missing", "participant"),
        ({"viewer": "manager"}, "missing", "context"),
        ({"viewer": "manager", "context": {"programme_name": "Leaders"}}, "missing", "context"),
        (
            {"viewer": "coach", "purpose": "settings", "participant": None},
            "unknown_field",
            "viewer",
        ),
    ],
)
def test_a_viewer_s_link_that_makes_no_sense_is_not_made(
    one_desk: Desk, changes: dict[str, Any], code: str, field: str
) -> None:
    answer = made_link(one_desk, **changes)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (422, code, field)


def test_a_coach_s_link_takes_a_key_that_may_force(one_desk: Desk) -> None:
    body = {"purpose": "booking", "coach_id": "ada", "viewer": "coach"}
    answer = one_desk.ask("POST", "/v1/links", "links:write", json=body)
    assert (answer.status_code, answer.json["code"], answer.json["field"]) == (
        403,
        "scope_missing",
        "viewer",
    )
    assert "bookings:force" in answer.json["detail"]
    assert (
        one_desk.ask("POST", "/v1/links", "links:write", "bookings:force", json=body).status_code
        == 201
    )


@pytest.mark.parametrize("viewer", STAFF)
def test_staff_come_with_a_participant_with_their_booking_or_without_either(
    one_desk: Desk, viewer: str
) -> None:
    booking_id = enter(one_desk, context=ACME).book(OPEN)
    assert come(one_desk, viewer, participant=None).get("/book").status_code == 200
    assert come(one_desk, viewer).get("/book").status_code == 200
    made = made_link(one_desk, viewer=viewer, context=ACME, booking_id=booking_id)
    answer = follow(one_desk.client, path_of(made))
    assert answer.location == f"/book/bookings/{booking_id}"
    page = one_desk.look(answer.location).text
    assert "The session is booked" in page
    assert "Grace Hopper" in page


def test_what_an_older_release_signed_is_refused(one_desk: Desk) -> None:
    """Its links and cookies do not say who looks."""
    settings = one_desk.runtime.services.settings
    path = path_of(made_link(one_desk))
    with one_desk.database.write() as tx:
        old = dict(tx.execute(tables.links.select()).one().meaning)
        del old["viewer"], old["zone"]
        tx.execute(tables.links.update().values(meaning=old))
    assert follow(one_desk.client, path).status_code == 403
    stranger = one_desk.client.application.test_client()
    stranger.set_cookie("coachcal-page", str(signer(settings, "session").dumps(old)))
    assert stranger.get("/book").status_code == 401


def test_times_are_told_in_the_zone_of_whoever_looks(one_desk: Desk) -> None:
    """A coach's own; a manager's is not known: the participant's, and without one the coach's."""
    kathmandu = GRACE | {"zone": "Asia/Kathmandu"}
    for viewer, participant, zone in (
        ("coach", kathmandu, "United Kingdom Time (London"),
        ("manager", kathmandu, "Nepal Time (Kathmandu)"),
        ("manager", None, "United Kingdom Time (London"),
    ):
        assert (
            f"All times are in {zone}"
            in come(one_desk, viewer, participant=participant).get("/book").text
        )


# -- who may what
# ---------------------------------------------------------------------------------------------

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
    ("GET", "/book/groups/{pod}"): (404, 200, 200),
    ("GET", "/book/groups/{pod}/off"): (404, 200, 404),
    ("GET", "/book/groups/{evil}"): (404, 200, 404),
    ("POST", "/book"): (303, 303, 303),
    ("POST", "/book?force"): (404, 303, 404),
    ("POST", "/book/bookings/{mine}/cancel"): (303, 303, 303),
    ("POST", "/book/bookings/{mine}/cancel?excused"): (404, 303, 404),
    ("POST", "/book/bookings/{theirs}/cancel"): (404, 303, 404),
    ("POST", "/book/bookings/{theirs}/move"): (404, 303, 404),
    ("POST", "/book/bookings/{mine}/move?force"): (404, 303, 404),
    ("POST", "/book/bookings/{seat}/cancel"): (404, 404, 404),
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
    if wanted != 303:
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
        not {May.see_reasons, May.force, May.run_sessions, May.excuse, May.call_off}
        & RIGHTS["manager"]
    )


@pytest.mark.parametrize("viewer", STAFF)
def test_another_coach_s_sessions_and_groups_are_not_there(one_desk: Desk, viewer: str) -> None:
    people.ready(one_desk.database, replace(people.MAILED, id="bob"))
    away = enter(one_desk, coach_id="bob", context=ACME).book(OPEN)
    theirs = pod(one_desk, coach_id="bob", participants=[HEDY])
    visitor = come(one_desk, viewer)
    form = visitor.confirm(OPEN) | {"version": "1", "start": str(people.at(5, 9))}
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
    # The one button with a place of its own looks at other times
    assert re.findall('formaction="([^"]*)"', visitor.get("/book").text) == ["/book"]
    before = one_desk.dump()
    for path in ("/book", f"/book/groups/{mine}/join"):
        assert visitor.post(path, fields(page)).status_code == 404
    assert one_desk.dump() == before


# -- reasons
# --------------------------------------------------------------------------------------------------

SHORT = {"hours": "outside_hours", "busy": "busy", "buffer": "buffer", "session": "session",
    "past": "past",
         "day off": "day_off", "soon": "notice", "far off": "horizon"}  # fmt: skip


def test_the_coach_sees_why_as_the_api_says_cell_by_cell(desk: Desk) -> None:
    hours = {
        "zone": "UTC",
        "hours": people.OFFICE,
        "overrides": {"2026-06-05": []},
        "durations": [60],
        "pre": 15,
    }
    assert (
        desk.put("/v1/coaches/ada", hours | {"post": 15, "notice": 240, "version": 1}).status_code
        == 200
    )
    enter(desk, participant=HEDY).book(OPEN)
    page = come(desk, "coach").get("/book?week=2026-06-01&duration=60&frame=0-1440").text
    asked = "/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-08&duration=60&tz=UTC&detail=reasons"
    wanted: dict[int, str] = {}
    for run in desk.get(asked).json["reasons"]:
        first, last = (
            int(datetime.fromisoformat(run[name]).timestamp()) for name in ("from", "to")
        )
        wanted |= dict.fromkeys(range(first, last, 900), run["reason"])
    wanted |= dict.fromkeys(range(people.at(1, 0), people.at(1, 8), 900), "past")
    found: dict[int, str] = {}
    for quarter, row in enumerate(re.findall(r"<tr[^>]*><th>.*", page)):
        cells = re.findall(r"<td[^>]*>(?:<button[^>]*>)?([^<]+)", row)
        assert len(cells) == 7
        for day, text in enumerate(cells):
            if ":" not in text:
                found[people.at(1 + day, 0) + 900 * quarter] = SHORT[text.strip()]
    assert found == wanted
    assert {"outside_hours", "busy", "buffer", "session", "day_off", "notice", "past"} <= set(
        found.values()
    )
    for reason in set(found.values()):
        assert reason not in page or reason in ("busy", "buffer", "session", "past", "notice")


def test_what_can_never_be_forced_is_no_button(one_desk: Desk) -> None:
    enter(one_desk, participant=HEDY).book(OPEN)
    page = come(one_desk, "coach").get("/book?week=2026-06-01&duration=60").text
    buttons = {text.strip(): kind == "f" for kind, text in WHY.findall(page)}
    assert {
        "busy": True,
        "buffer": True,
        "hours": True,
        "session": False,
    }.items() <= buttons.items()
    assert "Something in your calendars is in its way." in html.unescape(
        page
    )  # the legend says what is short there


@pytest.mark.parametrize("viewer", ["participant", "manager"])
def test_nobody_but_the_coach_is_told_a_reason(one_desk: Desk, viewer: str) -> None:
    forced = {
        "coach_id": "ada",
        "start": "2026-06-03T12:00:00Z",
        "duration": 60,
        "participant": HEDY,
        "context": ACME,
    }
    post(one_desk, "/v1/bookings", forced | {"force": {"reason": "A canary reason"}})
    group = pod(
        one_desk, "2026-06-03T18:00:00Z", force={"reason": "A canary reason"}, participants=[MARY]
    )
    visitor = come(one_desk, viewer)
    mine = visitor.book(people.at(2, 9))
    answers = [
        visitor.get(path)
        for path in (
            "/book?duration=60",
            "/book/grid?duration=60",
            "/book?frame=0-1440",
            f"/book/confirm?start={CLOSED}&duration=60",
            f"/book/confirm?start={EVENING}&duration=60",
            f"/book/bookings/{mine}",
            f"/book?move={mine}",
            f"/book/groups/{group}",
        )
    ]
    answers.append(visitor.post("/book", visitor.confirm(OPEN) | {"start": str(CLOSED)}))
    for answer in answers:
        whole = answer.text + str(answer.headers)
        for canary in (
            "canary",
            "busy",
            "buffer",
            "outside",
            "untrusted",
            "because",
            'class="r"',
            "Hedy",
            "hedy",
        ):
            assert canary not in whole, canary
        assert ("Mary" in whole) <= (viewer == "manager")


# -- force
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "says"), [(CLOSED, "Something in your calendars"), (EVENING, "outside your working")]
)
def test_a_closed_time_is_forced_with_a_reason_that_is_kept_and_shown(
    desk: Desk, start: int, says: str
) -> None:
    coach = come(desk, "coach")
    # When a closed time is chosen, what is overridden is said, and a reason asked for
    question = coach.get("/book/confirm", query_string={"start": start, "duration": 60}).text
    assert "This time is closed." in question
    assert says in question
    assert re.search(
        r'<input type="text" id="why" name="force" maxlength="300" required>', question
    )
    form = coach.confirm(start)
    # When none is given, or one that is too long, nothing is booked
    before = desk.dump()
    for reason, told in (
        (" ", "Say why"),
        ("", "Say why"),
        ("x" * 301, "too long"),
        ("a\0b", "too long"),
    ):
        refused = coach.post("/book", form | {"force": reason})
        assert (refused.status_code, told in refused.text) == (422, True)
    refused = coach.post("/book", form)  # as if it were open
    assert (refused.status_code, says in refused.text) == (409, True)
    assert desk.dump() == before
    # When it is given, twice
    form |= {"force": " She is <b>away</b>; we agreed. "}
    answer = coach.post("/book", form)
    assert coach.post("/book", form).location == answer.location
    # Then it is booked once, and shown as forced, to the coach
    (session,) = sessions_of(desk)
    assert (session.starts, session.force_reason) == (start, "She is <b>away</b>; we agreed.")
    assert seats_of(desk) == [("grace", "booked")]
    for path in (answer.location, "/book?week=2026-06-01"):
        page = coach.get(path).text
        assert "Forced" in page
        assert "She is &lt;b&gt;away&lt;/b&gt;; we agreed." in page
    guest = come(desk, "participant")
    for path in (answer.location, "/book?week=2026-06-01"):
        assert "away" not in guest.get(path).text


def test_force_never_opens_another_session_nor_the_past(desk: Desk) -> None:
    enter(desk, participant=HEDY).book(OPEN)
    coach = come(desk, "coach")
    form = coach.confirm(CLOSED) | {"force": "Because"}
    before = desk.dump()
    for start, says in (
        (OPEN, "Another session"),
        (OPEN + 1800, "Another session"),
        (people.at(1, 7), "is over"),
    ):
        query = {"start": start, "duration": 60}
        assert (page := coach.get("/book/confirm", query_string=query)).status_code == 409
        assert says in page.text
        answer = coach.post("/book", form | {"start": str(start)})
        assert (answer.status_code, says in answer.text) == (409, True)
    assert desk.dump() == before


def test_a_reason_is_kept_only_where_force_was_needed(one_desk: Desk) -> None:
    coach = come(one_desk, "coach")
    coach.post("/book", coach.confirm(OPEN) | {"force": "Because"})
    assert [session.force_reason for session in sessions_of(one_desk)] == [None]


# -- the coach's sessions
# -------------------------------------------------------------------------------------


def test_a_coach_sees_moves_and_cancels_their_sessions(desk: Desk) -> None:
    booking_id = enter(desk, participant=HEDY).book(OPEN)
    group = pod(desk, participants=[HEDY, MARY], title="Peer <circle>")
    coach = come(desk, "coach", participant=None)
    # Who comes when
    page = coach.get("/book?week=2026-06-01").text
    assert f"/book/bookings/{booking_id}" in page
    told = re.search(
        r"Peer &lt;circle&gt;</strong> <small>Seats taken: 2 of 3</small> ([\w ]+), ([\w ]+)", page
    )
    assert told is not None
    assert {told[1], told[2]} == {"Hedy Lamarr", "Mary Jackson"}
    assert "Seats taken" not in coach.get("/book?week=2026-06-08").text
    seated = coach.get(f"/book/groups/{group}").text
    assert "2 of 3 taken; it takes 2" in seated
    assert "Mary Jackson" in seated
    assert "mary@example.test" not in page + seated
    # When a session is moved into the evening, with a reason, and cancelled
    form = coach.confirm(EVENING, move=booking_id) | {"force": "Train"}
    moved = coach.post(f"/book/bookings/{booking_id}/move", form)
    page = coach.get(moved.location).text
    assert "19:00 – 20:00" in page
    assert "Hedy Lamarr" in page
    assert "Train" in page
    question = coach.get(f"/book/bookings/{booking_id}/cancel")
    ended = coach.post(f"/book/bookings/{booking_id}/cancel", fields(question))
    assert "The session is cancelled" in coach.get(ended.location).text
    assert ("hedy", "cancelled") in seats_of(desk)
    assert booking_id not in coach.get("/book?week=2026-06-01").text


@pytest.mark.parametrize(("excuse", "status"), [({}, "missed"), ({"excused": "1"}, "cancelled")])
def test_a_coach_may_excuse_a_late_cancellation(
    one_desk: Desk, excuse: dict[str, str], status: str
) -> None:
    soon, later = people.at(1, 14), people.at(4, 9)
    booking_id, another = (enter(one_desk, context=ACME).book(start) for start in (soon, later))
    coach, grace = come(one_desk, "coach"), come(one_desk, "participant")
    ask = coach.get(f"/book/bookings/{booking_id}/cancel")
    assert 'name="excused"' in ask.text
    assert 'name="excused"' not in grace.get(f"/book/bookings/{booking_id}/cancel").text
    assert (
        'name="excused"' not in coach.get(f"/book/bookings/{another}/cancel").text
    )  # nothing to excuse
    assert (
        coach.post(f"/book/bookings/{booking_id}/cancel", fields(ask) | excuse).status_code == 303
    )
    with one_desk.database.read() as tx:
        told = tx.execute(
            tables.outbox.select().where(tables.outbox.c.booking_id == booking_id)
        ).all()
    assert seats_of(one_desk) == sorted([("grace", "booked"), ("grace", status)])
    assert status in {row.topic for row in told}


def test_a_session_that_was_changed_meanwhile_is_left_alone(one_desk: Desk) -> None:
    booking_id = enter(one_desk, participant=HEDY).book(OPEN)
    coach = come(one_desk, "coach")
    form = fields(coach.get(f"/book/bookings/{booking_id}/cancel"))
    other = coach.confirm(people.at(5, 9), move=booking_id)
    assert coach.post(f"/book/bookings/{booking_id}/move", other).status_code == 303
    answer = coach.post(f"/book/bookings/{booking_id}/cancel", form)
    assert (answer.status_code, "changed meanwhile" in answer.text) == (409, True)


def test_a_group_is_called_off_by_its_coach(desk: Desk) -> None:
    group = pod(desk, participants=[HEDY, MARY])
    coach = come(desk, "coach", participant=None)
    path = f"/book/groups/{group}/off"
    question = coach.get(path)
    assert "told by mail: 2" in question.text
    form = fields(question)
    stale = coach.post(path, form | {"version": "9"})
    assert stale.status_code == 409
    assert "changed meanwhile" in stale.text
    answer = coach.post(path, form)
    assert answer.location.startswith(f"/book/groups/{group}")
    assert "called off" in coach.get(answer.location).text
    assert seats_of(desk) == [("hedy", "cancelled"), ("mary", "cancelled")]
    assert coach.post(path, form).location == answer.location
    assert coach.get(path).status_code == 404
    assert group not in coach.get("/book?week=2026-06-01").text


# -- groups
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("viewer", STAFF)
def test_a_group_is_made_from_an_open_time_once_and_joined_by_its_people(
    desk: Desk, viewer: str
) -> None:
    staff = come(desk, viewer, participant=None, context=LEADERS)
    form = group_form(staff, OPEN)
    answer = staff.post("/book/groups", form)
    assert staff.post("/book/groups", form).location == answer.location
    (made,) = sessions_of(desk)
    assert (made.starts, made.min_seats, made.capacity, made.format) == (OPEN, 2, 4, "open")
    assert (made.title, made.context, made.force_reason) == ("Circle", LEADERS, None)
    page = staff.get(answer.location).text
    assert "<h1" in page
    assert "Circle" in page
    assert "0 of 4 taken; it takes 2" in page
    # Then it is for whoever belongs to the project, and for nobody else
    assert made.id not in enter(desk, context=ACME).get("/book").text
    guest = enter(desk, context=LEADERS)
    seen = guest.get("/book")
    assert "Circle" not in seen.text
    assert guest.post(f"/book/groups/{made.id}/join", fields(seen)).status_code == 303
    assert "Grace Hopper" in staff.get(answer.location).text


@pytest.mark.parametrize("viewer", STAFF)
@pytest.mark.parametrize(
    ("changes", "status", "says"),
    [
        ({"min_seats": "5"}, 422, "more seats than it has"),
        ({"min_seats": "0"}, 422, "could not be understood"),
        ({"max_seats": "201"}, 422, "could not be understood"),
        ({"max_seats": "9" * 5000}, 422, "could not be understood"),
        ({"format": "secret"}, 422, "could not be understood"),
        ({"title": "x" * 301}, 422, "too long"),
        ({"start": str(OPEN + 60)}, 422, "could not be understood"),
        ({"start": str(CLOSED)}, 409, "nothing was booked"),
        ({"key": "short"}, 422, "could not be understood"),
        ({"csrf": "x"}, 403, "not made here"),
    ],
)
def test_a_group_that_makes_no_sense_is_not_made(
    one_desk: Desk, viewer: str, changes: dict[str, str], status: int, says: str
) -> None:
    staff = come(one_desk, viewer)
    form = group_form(staff, OPEN) | changes
    before = one_desk.dump()
    answer = staff.post("/book/groups", form)
    assert (answer.status_code, says in answer.text) == (status, True), answer.text
    assert one_desk.dump() == before


def test_a_coach_forces_a_group_too(one_desk: Desk) -> None:
    coach = come(one_desk, "coach")
    answer = coach.post("/book/groups", group_form(coach, CLOSED, force="All of them can"))
    assert "All of them can" in coach.get(answer.location).text
    assert [session.force_reason for session in sessions_of(one_desk)] == ["All of them can"]


def test_a_manager_assigns_whatever_the_format(desk: Desk) -> None:
    starts = {"open": "02T09", "closed": "02T11", "hybrid": "02T13", "hybrid_v2": "04T09"}
    made = [pod(desk, f"2026-06-{at}:00:00Z", format=name) for name, at in starts.items()]
    manager = come(desk, "manager")
    page = manager.get("/book")
    for group in made:
        assert f"/book/groups/{group}/join" in page.text
        answer = manager.post(f"/book/groups/{group}/join", fields(page))
        assert "The session is booked" in manager.get(answer.location).text
    assert seats_of(desk) == [("grace", "booked")] * 4
    # A coach is not the programme
    hedy = come(desk, "coach", participant=HEDY).get("/book").text
    assert [f"/book/groups/{group}/join" in hedy for group in made] == [True, False, False, True]


def test_a_manager_sees_the_people_of_their_own_context_alone(one_desk: Desk) -> None:
    """Of a wider one's group, that their participant may join, only the seats."""
    inside = pod(one_desk, context=LEADERS | {"cohort": "spring"}, participants=[HEDY])
    ours = pod(one_desk, "2026-06-02T09:00:00Z", context=LEADERS)
    wider = pod(one_desk, "2026-06-04T09:00:00Z", context=ACME, participants=[MARY])
    anyone_s = pod(one_desk, "2026-06-04T11:00:00Z", context={}, participants=[MARY])
    other = pod(
        one_desk,
        "2026-06-04T13:00:00Z",
        context={"company": "acme", "project": "others"},
        participants=[MARY],
    )
    enter(one_desk, context=LEADERS, participant=MARY).book(people.at(5, 9))
    page = come(one_desk, "manager", context=LEADERS).get("/book?week=2026-06-01").text
    assert "Hedy Lamarr" in page
    assert "Mary" not in page
    for group, shown, joined in (
        (inside, True, True),
        (ours, True, True),
        (wider, False, True),
        (anyone_s, False, True),
        (other, False, False),
    ):
        assert (f'href="/book/groups/{group}' in page) is shown
        assert (f'id="join-{group}"' in page) is joined


def test_a_participant_s_bookings_elsewhere_are_no_business_of_a_manager_s(one_desk: Desk) -> None:
    theirs = enter(one_desk, context=EVIL).book(OPEN)
    mine = enter(one_desk, context=LEADERS).book(people.at(5, 9))
    manager = come(one_desk, "manager")
    page = manager.get("/book").text
    assert theirs not in page
    assert mine in page
    assert manager.get(f"/book/bookings/{theirs}").status_code == 404
    assert (
        manager.post(
            f"/book/bookings/{theirs}/cancel", manager.confirm(people.at(2, 9))
        ).status_code
        == 404
    )
    assert theirs in come(one_desk, "coach", participant=None).get("/book").text


# -- live
# ------------------------------------------------------------------------------------------------


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


# -- words
# ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "says"), [("de", "Diese Zeit ist geschlossen."), ("fr", "Cet horaire est fermé.")]
)
def test_staff_are_spoken_to_in_their_language(one_desk: Desk, language: str, says: str) -> None:
    coach = come(one_desk, "coach", language=language)
    pages_ = [
        coach.get(path).text for path in ("/book", f"/book/confirm?start={CLOSED}&duration=60")
    ]
    assert says in pages_[1]
    assert "Session" not in pages_[0]
