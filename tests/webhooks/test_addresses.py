"""What a mail address is: one rule and one sentence, wherever one is sent to us."""

from typing import Any

import pytest

from domain.mail.safety import ADDRESS_RULE
from tests.support import people
from tests.support.booking_requests import BOOKING, GRACE, POD, post
from tests.support.http_client import SETTINGS, Desk
from tests.support.pod_imports import HEAD, judged, line, upload
from tests.support.spreadsheets import row, table

WRONG = (
    "grace",
    "a..b@x.test",
    "a b@x.test",
    '"a"@x.test',
    "a@x_y.test",
    "x" * 65 + "@x.test",
    "a\u200bb@x.test",
    "a" * 300,
)


def refused_by(desk: Desk, address: str) -> list[Any]:
    person = GRACE | {"email": address}
    page = {"purpose": "booking", "coach_id": "ada", "participant": person}
    return [
        post(desk, "/v1/bookings", BOOKING | {"participant": person}),
        post(desk, "/v1/pods", POD | {"participants": [GRACE, person]}),
        post(desk, "/v1/links", page),
        desk.put("/v1/coaches/ada", SETTINGS | {"email": address}),
        post(desk, "/v1/withheld-addresses/release", {"address": address}),
    ]


@pytest.mark.parametrize("address", WRONG)
def test_what_is_none_is_refused_alike_by_the_api_and_the_import(
    one_desk: Desk, address: str
) -> None:
    fields = []
    for answer in refused_by(one_desk, address):
        assert (answer.status_code, answer.json["code"], answer.json["detail"]) == (
            422,
            "not_an_address",
            ADDRESS_RULE,
        )
        fields.append(answer.json["field"])
    where = ["participant.email", "participants[1].email", "participant.email", "email", "address"]
    assert fields == where
    if "@" not in address:
        return  # in a cell it is a username
    [remark] = row(participants=address).red
    assert (remark.code, remark.detail) == ("not_an_address", ADDRESS_RULE)
    # Where a cell holds several people it is said which
    [remark] = row(participants=f"Pat <pat@x.test>; {address}").red
    assert remark.detail == f"{address[:60]!r}: {ADDRESS_RULE}"


def test_letters_of_any_script_are_taken_and_kept_as_they_go_on_the_wire(one_desk: Desk) -> None:
    typed, kept = "gra\u0302ce@STRASSE.test", "gr\u00e2ce@strasse.test"
    answer = one_desk.put("/v1/coaches/ada", SETTINGS | {"name": "Ada", "email": typed})
    assert answer.json["email"] == kept
    entry = row(participants=f"Grâce <{typed}>").entry
    assert entry is not None
    assert [person.email for person in entry.participants] == [kept]


def test_an_import_finds_a_coach_by_their_address_however_it_is_typed(one_desk: Desk) -> None:
    people.ready(one_desk.database, people.MAILED)
    one_desk.put("/v1/coaches/ada", SETTINGS | {"name": "Ada", "email": "ada@xn--bcher-kva.test"})
    told = upload(one_desk, table(line(coach="Ada@BÜCHER.test"), head=HEAD)).json
    assert judged(told) == [(2, "green", [])]
