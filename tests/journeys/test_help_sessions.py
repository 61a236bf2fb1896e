"""The help pages on booking, mailers and statuses (lines 14 to 17, 23 to 25 and 28), each as a test
that quotes it. Those on pods and on limits are in test_help_pods.py and test_help_limits.py.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from icalendar import Calendar

from tests.journeys.customer import GRACE, Customer, later, moment, moved_in
from tests.support.booking_requests import HEDY, post, refused, send
from tests.support.mail_delivery import ADA
from tests.support.page_visitor import enter, open_starts
from tests.support.people import at

GRACES = "grace@example.test"


@pytest.fixture
def ada(database_url: str, redis_url: str) -> Iterator[Customer]:
    """Her calendar is connected: on Tuesday from 10 to 11 UTC she is busy."""
    with moved_in(database_url, redis_url) as customer:
        work = customer.consents(customer.enter_settings(), "google")
        customer.busy(work, "2026-06-02T10:00", "2026-06-02T11:00")
        yield customer


def test_14_white_is_available_and_a_click_books(ada: Customer) -> None:
    """From the Pathway or the calendar: white is available, blue is not, in steps of 15 minutes; a
    click, a confirmation, no conflict.
    """
    grace = enter(ada.desk)
    page = grace.get("/book?week=2026-06-01&duration=60")
    shown = open_starts(page)
    assert {at(2, 13), at(2, 13, 15), at(2, 13, 30)} <= set(shown)
    assert at(2, 10) not in shown
    assert all(start % 900 == 0 for start in shown)
    # A click and a confirmation
    grace.book(at(2, 13))
    # What was white a moment ago is refused to the next
    hedy = enter(ada.desk, participant=HEDY)
    assert at(2, 13) not in open_starts(hedy.get("/book?week=2026-06-01&duration=60"))
    taken = {"coach_id": "ada", "start": "2026-06-02T13:00:00Z", "duration": 60}
    answer = post(ada.desk, "/v1/bookings", taken | {"participant": HEDY})
    assert refused(answer, 409, "slot_not_open")["nearest"]


def test_15_participants_see_open_times_only(ada: Customer) -> None:
    """Participants see open times only, never conflicts or whole schedules."""
    ada.book("2026-06-02T13:00:00Z", HEDY)
    page = enter(ada.desk).get("/book?week=2026-06-01&duration=60").text
    for secret in ("Hedy", "busy", "Busy", "outside your working", "buffer"):
        assert secret not in page
    query = "from=2026-06-02&to=2026-06-03&duration=60"
    answer = ada.desk.get(f"/v1/coaches/ada/slots?{query}&reasons=true", "slots:read")
    assert "closed" not in str(answer.json.get("starts"))
    assert "Hedy" not in answer.text


def test_16_one_to_one_and_pods_alike(ada: Customer) -> None:
    """1:1 and pods alike."""
    for start in ("2026-06-02T10:00:00Z", "2026-06-02T10:30:00Z"):
        order: dict[str, Any] = {"coach_id": "ada", "start": start, "duration": 60}
        single = post(ada.desk, "/v1/bookings", order | {"participant": GRACE})
        group = post(ada.desk, "/v1/pods", order | {"min_seats": 1, "max_seats": 4})
        assert refused(single, 409, "slot_not_open")["reason"] == "busy"
        assert refused(group, 409, "slot_not_open")["reason"] == "busy"


def test_17_a_pod_takes_an_available_time(ada: Customer) -> None:
    """No slots are made in advance: an available time is chosen and given to the pod."""
    assert "13:00" in ada.starts()
    order = {"coach_id": "ada", "start": "2026-06-02T13:00:00Z", "duration": 60}
    pod = ada.post("/v1/pods", order | {"min_seats": 1, "max_seats": 4, "title": "Circle"})
    assert (pod["kind"], pod["status"]) == ("pod", "unbooked")
    assert "13:00" not in ada.starts()


def test_23_standard_mailers_hang_on_events(ada: Customer) -> None:
    """Standard mailers hang on events (booked, rebooked, cancelled, missed), automatic or by "Send
    now"; set at project and cohort; cohort before project before company; several languages; tokens
    such as start date, programme name, the participant's own page.
    """
    context = {
        "company": "acme",
        "project": "leaders",
        "cohort": "spring",
        "programme_name": "New Leaders",
    }
    for scope, name in (("company", "acme"), ("project", "leaders"), ("cohort", "spring")):
        text = {
            "subject": f"{scope}: {{{{programme_name}}}} on {{{{start_date}}}}",
            "text": "See {{my_page_url}}",
        }
        answer = send(ada.desk, "PUT", f"/v1/mailers/{scope}/{name}/booked/en", text)
        assert answer.status_code == 200, answer.text
    booked = ada.book("2026-06-09T10:00:00Z", GRACE, context=context)
    (mail,) = ada.mails_to(GRACES)
    assert mail.parsed["Subject"].startswith("cohort: New Leaders on ")
    assert "https://os.test/me" in mail.parsed.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    # The cohort's text goes, and the project's is next
    send(ada.desk, "DELETE", "/v1/mailers/cohort/spring/booked/en")
    again = ada.post(f"/v1/bookings/{booked['id']}/mails/booked/send", None)
    assert again["state"] == "pending"
    assert ada.mails_to(GRACES)[-1].parsed["Subject"].startswith("project: ")
    # Whoever reads another language is written to in it
    ada.book("2026-06-09T13:00:00Z", HEDY)
    (german,) = ada.mails_to("hedy@example.test")
    assert german.parsed["Content-Language"] == "de"


def test_24_an_engagement_reminder_comes_later(ada: Customer) -> None:
    """An engagement reminder two weeks after the cohort began when nothing is booked (later).

    "Later" is the help page's own word: there is no such kind yet, and whoever asks for it is told
    which there are.
    """
    answer = send(
        ada.desk,
        "PUT",
        "/v1/mailers/cohort/spring/engagement/en",
        {"subject": "Book!", "text": "Book!"},
    )
    assert answer.status_code in (404, 422)
    assert "reminder" in answer.text


def test_25_mailers_are_right_for_changes(ada: Customer) -> None:
    """Mailers are right for rebookings and cancellations."""
    booked = ada.book("2026-06-09T10:00:00Z")
    ada.deliver()
    path = f"/v1/bookings/{booked['id']}"
    ada.post(f"{path}/rebook", {"start": "2026-06-10T11:00:00Z"})
    ada.deliver()
    ada.post(f"{path}/cancel", {})
    said = []
    for mail in ada.mails_to(GRACES):
        (part,) = [
            each for each in mail.parsed.walk() if each.get_content_type() == "text/calendar"
        ]
        calendar = Calendar.from_ical(part.get_content())
        (event,) = calendar.events
        said.append(
            (str(calendar["METHOD"]), int(str(event["SEQUENCE"])), event.start, event["UID"])
        )
    methods = [(method, sequence) for method, sequence, _, _ in said]
    assert methods == [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]
    assert len({uid for _, _, _, uid in said}) == 1
    assert [each[2] for each in said[1:]] == [datetime.fromisoformat("2026-06-10T11:00:00Z")] * 2
    # The coach hears of each, too
    assert len(ada.mails_to(ADA)) == 3


def test_28_the_statuses_of_a_session(ada: Customer) -> None:
    """Session statuses: unbooked, booked, completed, missed (no-show, or cancelled less than 24 h
    before), disabled.
    """
    order = {"coach_id": "ada", "start": "2026-06-09T10:00:00Z", "duration": 60}
    pod = ada.post("/v1/pods", order | {"min_seats": 1, "max_seats": 4})
    assert pod["status"] == "unbooked"
    ada.post(f"/v1/pods/{pod['session_id']}/seats", {"participant": GRACE})
    path = f"/v1/pods/{pod['session_id']}"
    assert ada.desk.get(path).json["status"] == "booked"
    send(ada.desk, "PATCH", path, {"status": "disabled"})
    assert ada.desk.get(path).json["status"] == "disabled"
    # Cancelled in time and too late
    early = ada.book("2026-06-10T10:00:00Z")
    late = ada.book("2026-06-01T13:00:00Z", HEDY)
    assert ada.post(f"/v1/bookings/{early['id']}/cancel", {})["status"] == "cancelled"
    assert ada.post(f"/v1/bookings/{late['id']}/cancel", {})["status"] == "missed"


@pytest.mark.parametrize("status", ["completed", "missed"])
def test_28_what_came_of_it_is_reported(ada: Customer, status: str) -> None:
    """Session statuses: completed, missed (no-show)."""
    booked = ada.book("2026-06-02T08:00:00Z")
    with later(ada, moment("2026-06-02T09:30")) as desk:
        path = f"/v1/sessions/{booked['session_id']}/attendance"
        assert post(desk, path, {"status": status}).json["status"] == status
        assert desk.get(f"/v1/bookings/{booked['id']}").json["status"] == status
