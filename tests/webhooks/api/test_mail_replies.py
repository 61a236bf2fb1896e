"""What participants' calendar programs send back is kept, shown to the coach, and changes nothing
else.
"""

from email.message import EmailMessage
from typing import Any

import pytest

from storage.schema import tables
from tests.support.booking_requests import BOOKING, GRACE, HEDY, POD, post, refused
from tests.support.http_client import Answer, Desk
from tests.support.page_visitor import enter
from webhooks.api.mail_replies import MAIL, PATH

ONE = {"start": "2026-06-02T13:00:00Z"}
AT_ONE = BOOKING | ONE
GRACES = "grace@example.test"


def calendar(uid: str, said: str, **changes: str) -> str:
    """As programs write it, folded and with what else they say."""
    lines = {
        "METHOD": "REPLY",
        "SEQUENCE": "0",
        "DTSTAMP": "20260601T070000Z",
        "address": f"mailto:{GRACES}",
    } | changes
    return "\r\n".join(
        (
            "BEGIN:VCALENDAR",
            "PRODID:-//Somebody//EN",
            "VERSION:2.0",
            f"METHOD:{lines['METHOD']}",
            "BEGIN:VEVENT",
            f"UID:{uid}",
            f"SEQUENCE:{lines['SEQUENCE']}",
            f"DTSTAMP:{lines['DTSTAMP']}",
            f'ATTENDEE;CN="Hopper, Grace";PARTSTAT={said}:{lines["address"][:20]}',
            f" {lines['address'][20:]}",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        )
    )


def mail(written: str, *, encoding: str = "base64") -> bytes:
    """A text for people, and the calendar beside it."""
    message = EmailMessage()
    message["From"] = f"Grace Hopper <{GRACES}>"
    message["Subject"] = "Accepted: your session"
    message.set_content("Grace has accepted.")
    message.add_alternative(written, subtype="calendar", cte=encoding, params={"method": "REPLY"})
    return message.as_bytes()


def hand_in(desk: Desk, raw: bytes, **options: Any) -> Answer:
    return desk.ask("POST", PATH, data=raw, content_type=options.pop("type", MAIL))


def answer_of(desk: Desk, booked: Any) -> Any:
    return desk.get(f"/v1/bookings/{booked['id']}").json["answer"]


@pytest.fixture
def booked(desk: Desk, ada: str) -> Any:
    return post(desk, "/v1/bookings", AT_ONE).json


@pytest.mark.parametrize(
    ("said", "answer", "words"),
    [
        ("ACCEPTED", "accepted", "accepted the invitation"),
        ("DECLINED", "declined", "declined the invitation"),
        ("TENTATIVE", "tentative", "may come"),
    ],
)
def test_an_answer_is_kept_and_shown_to_the_coach(
    desk: Desk, booked: Any, said: str, answer: str, words: str
) -> None:
    assert booked["answer"] is None
    for encoding in ("base64", "quoted-printable"):
        taken = hand_in(desk, mail(calendar(booked["uid"], said), encoding=encoding))
        assert taken.json == {"booking_id": booked["id"], "answer": answer, "kept": True}
    assert answer_of(desk, booked) == answer
    # The coach sees it, and nothing else has changed
    path = f"/book/bookings/{booked['id']}"
    assert words in enter(desk, viewer="coach").get(path).text
    shown = desk.get(f"/v1/bookings/{booked['id']}").json
    assert {**shown, "answer": None} == booked


def test_an_answer_to_an_earlier_time_does_not_count(desk: Desk, booked: Any) -> None:
    hand_in(desk, mail(calendar(booked["uid"], "ACCEPTED")))
    # When the session is moved, then nobody has accepted that
    moved = post(desk, f"/v1/bookings/{booked['id']}/rebook", {"start": "2026-06-02T14:00:00Z"})
    assert moved.json["answer"] is None
    assert answer_of(desk, booked) is None
    late = hand_in(desk, mail(calendar(booked["uid"], "DECLINED")))
    assert late.json["kept"] is False
    assert answer_of(desk, booked) is None
    hand_in(desk, mail(calendar(booked["uid"], "TENTATIVE", SEQUENCE="1")))
    assert answer_of(desk, booked) == "tentative"


def test_of_two_answers_the_later_one_stays(desk: Desk, booked: Any) -> None:
    later = calendar(booked["uid"], "DECLINED", DTSTAMP="20260601T073000Z")
    assert hand_in(desk, mail(later)).json["kept"] is True
    earlier = hand_in(desk, mail(calendar(booked["uid"], "ACCEPTED")))
    assert earlier.json["kept"] is False
    assert answer_of(desk, booked) == "declined"
    # A clock that is years ahead does not have the last word for years
    ahead = calendar(booked["uid"], "TENTATIVE", DTSTAMP="20360101T000000Z")
    assert hand_in(desk, mail(ahead)).json["kept"] is True
    hand_in(desk, mail(calendar(booked["uid"], "ACCEPTED", DTSTAMP="20260601T090000Z")))
    assert answer_of(desk, booked) == "accepted"


def test_nobody_answers_for_somebody_else(desk: Desk, booked: Any) -> None:
    before = desk.dump()
    for address in ("mailto:hedy@example.test", "mailto:", "nonsense", f"MAILTO:x{GRACES}"):
        raw = mail(calendar(booked["uid"], "DECLINED", address=address))
        assert hand_in(desk, raw).status_code in (404, 422)
    refused(
        hand_in(desk, mail(calendar("nobody@example.test", "DECLINED"))), 404, "unknown_booking"
    )
    assert desk.dump() == before


@pytest.mark.parametrize(
    ("invited", "answering"),
    [(GRACES, f"MAILTO:{GRACES.upper()}"), ("Grace@Example.test", f"mailto:{GRACES}")],
)
def test_the_same_mailbox_answers_however_it_is_written(
    desk: Desk, ada: str, invited: str, answering: str
) -> None:
    # Given an address that was booked in other letters than the calendar program writes
    who = GRACE | {"email": invited}
    booked = post(desk, "/v1/bookings", AT_ONE | {"participant": who}).json
    hand_in(desk, mail(calendar(booked["uid"], "accepted", address=answering)))
    assert answer_of(desk, booked) == "accepted"


ALONE = "BEGIN:VEVENT\r\nMETHOD:REPLY\r\nUID:x\r\nATTENDEE;PARTSTAT=ACCEPTED:a\r\nEND:VEVENT\r\n"
HEAD = b"Content-Type: text/calendar; method=REPLY\n"
NESTED = b"Content-Type: multipart/mixed; boundary=a\n\n--a\n" * 1_000
PLAIN = b"From: a@example.test\nContent-Type: text/plain\n\nYes, I come."


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        PLAIN,
        NESTED,
        b"Content-Type: message/rfc822\n\n" * 2_000,
        HEAD + b"Content-Transfer-Encoding: " + b"(" * 1_500 + b"\n\n" + b"x",
        b"Content-Type: text/calendar" + b"; a=b" * 5_000 + b"\n\n",
        b"Content-Type: text/calendar" + b";\n a=b" * 5_000 + b"\n\n",
        mail(ALONE),
        mail(calendar("x\0y", "ACCEPTED")),
        b"\xff\x00" * 1000,
        mail("BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"),
        mail(calendar("x", "ACCEPTED", METHOD="REQUEST")),
        mail(calendar("x", "DELEGATED")),
        mail(calendar("x", "ACCEPTED", SEQUENCE="none").replace("UID:x\r\n", "")),
    ],
)
def test_what_is_no_answer_is_refused(desk: Desk, ada: str, raw: bytes) -> None:
    before = desk.dump()
    refused(hand_in(desk, raw), 422, "not_a_reply")
    assert desk.dump() == before


@pytest.mark.parametrize("sequence", ["99999999999999999999", "-1", "none", "1.5"])
def test_an_answer_to_no_invitation_of_ours_does_not_count(
    desk: Desk, booked: Any, sequence: str
) -> None:
    answer = hand_in(desk, mail(calendar(booked["uid"], "ACCEPTED", SEQUENCE=sequence)))
    assert answer.status_code in (200, 422)
    assert answer_of(desk, booked) is None


def test_only_a_mail_is_taken_and_only_from_who_may(desk: Desk, booked: Any) -> None:
    raw = mail(calendar(booked["uid"], "ACCEPTED"))
    refused(hand_in(desk, raw, type="application/json"), 415, "wrong_content_type")
    assert hand_in(desk, raw + b" " * 70_000).status_code == 413
    reading = desk.ask("POST", PATH, "bookings:read", data=raw, content_type=MAIL)
    refused(reading, 403, "scope_missing")
    assert answer_of(desk, booked) is None


def test_in_a_group_each_answers_for_themselves(desk: Desk, ada: str) -> None:
    pod = post(desk, "/v1/pods", POD | ONE | {"participants": [HEDY, BOOKING["participant"]]}).json
    seats = {seat["participant"]["id"]: seat for seat in pod["bookings"]}
    hedy, grace = seats["hedy"], seats["grace"]
    hand_in(desk, mail(calendar(hedy["uid"], "DECLINED", address="mailto:hedy@example.test")))
    assert (answer_of(desk, hedy), answer_of(desk, grace)) == ("declined", None)
    with desk.database.read() as tx:
        assert tx.execute(tables.sessions.select()).one().taken == 2
    page = enter(desk, viewer="coach").get(f"/book/groups/{pod['session_id']}").text
    assert "Hedy Lamarr <small>declined the invitation</small>" in page
