"""The sessions of both kinds, those that a link opens and those of ops: what a form must bring, and
which cookie is nobody's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.fernet import Fernet
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from tests.support import http_client, page_visitor, people
from tests.support.http_client import Desk
from tests.support.ops_pages import csrf, log_in
from webhooks.http import page_sessions
from webhooks.http.signed_sessions import SessionKind
from webhooks.ops import ops_sessions

TEN = people.at(2, 13)


@dataclass
class AtWork:
    """Somebody with a session, and a form that it may send. `others`: the token of another one."""

    desk: Desk
    client: FlaskClient
    kind: SessionKind[Any]
    path: str
    form: dict[str, str]
    others: str

    def send(self, form: dict[str, str], **headers: str) -> tuple[int, list[str]]:
        """The status, and why it was refused, as the log has it."""
        with capture_logs() as told:
            answer = self.client.post(self.path, data=form, headers=headers, buffered=True)
        return answer.status_code, [line["reason"] for line in told if "reason" in line]

    @property
    def cookie(self) -> str:
        found = self.client.get_cookie(self.kind.cookie)
        assert found is not None
        return found.value

    def carry(self, value: str) -> None:
        self.client.set_cookie(self.kind.cookie, value)


def at_a_link(desk: Desk) -> AtWork:
    guest = page_visitor.enter(desk)
    other = page_visitor.enter(desk, participant=page_visitor.HEDY)
    form, others = guest.confirm(TEN), other.confirm(TEN)["csrf"]
    return AtWork(desk, guest.client, page_sessions.SESSIONS, "/book", form, others)


def at_ops(desk: Desk) -> AtWork:
    client, other = (desk.client.application.test_client() for _ in range(2))
    for each in (client, other):
        assert log_in(each, desk.key("ops")).status_code == 303
    form, others = {"csrf": csrf(client.get("/ops"))}, csrf(other.get("/ops"))
    return AtWork(desk, client, ops_sessions.SESSIONS, "/ops/hurry/mail", form, others)


@pytest.fixture(params=[at_a_link, at_ops], ids=["pages", "ops"])
def at_work(request: pytest.FixtureRequest, one_desk: Desk) -> AtWork:
    people.ready(one_desk.database)
    found: AtWork = request.param(one_desk)
    return found


Change = Callable[[AtWork], tuple[dict[str, str], dict[str, str]]]
"""The form and the headers that are sent instead."""

FORMS: dict[str, tuple[Change, str]] = {
    "another site's": (lambda its: (its.form, {"Origin": "https://evil.test"}), "foreign origin"),
    "a sandbox's": (lambda its: (its.form, {"Origin": "null"}), "foreign origin"),
    "another port's": (lambda its: (its.form, {"Origin": "http://localhost:81"}), "foreign origin"),
    "without a token": (lambda its: (its.form | {"csrf": ""}, {}), "csrf"),
    "of another session": (lambda its: (its.form | {"csrf": its.others}, {}), "csrf"),
    "with text for a token": (lambda its: (its.form | {"csrf": "\N{SNOWMAN}"}, {}), "csrf"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_not_ours_does_nothing_and_the_log_says_why(
    at_work: AtWork, name: str
) -> None:
    change, reason = FORMS[name]
    form, headers = change(at_work)
    before = at_work.desk.dump()
    assert at_work.send(form, **headers) == (403, [reason])
    assert at_work.desk.dump() == before


def test_a_form_of_ours_does_what_it_says_with_an_origin_and_without(at_work: AtWork) -> None:
    assert at_work.send(at_work.form, Origin="http://localhost") == (303, [])
    assert at_work.send(at_work.form) == (303, [])


def over(its: AtWork) -> str:
    """Its own session, at the moment at which it ends."""
    return signed(its, until=int(people.NOW.timestamp()))


def tampered(its: AtWork) -> str:
    middle = len(its.cookie) // 2
    other = "A" if its.cookie[middle] != "A" else "B"
    return its.cookie[:middle] + other + its.cookie[middle + 1 :]


def of_the_other_kind(its: AtWork) -> str:
    """What the session says, signed for the other pages."""
    other: SessionKind[Any] = page_sessions.SESSIONS
    if its.kind is other:
        other = ops_sessions.SESSIONS
    return signed(its, kind=other)


def of_another_purpose(its: AtWork) -> str:
    return signed(its, purpose="before")


def of_another_deployment(its: AtWork) -> str:
    ours = its.desk.runtime.services.settings
    keys = Fernet.generate_key().decode()
    theirs = http_client.settings_for(ours.database_url, ours.redis_url, secret_keys=keys)
    return signed(its, settings=theirs)


def of_another_release(its: AtWork) -> str:
    return signed(its, a_field_of_tomorrow=1)


def signed(
    its: AtWork,
    *,
    kind: SessionKind[Any] | None = None,
    purpose: str = "session",
    settings: Any = None,
    **changes: object,
) -> str:
    """What the session says, with changes, signed by us as it was; or by others, for others."""
    ours = its.desk.runtime.services.settings
    said = its.kind.signer(ours, "session").loads(its.cookie)
    return str((kind or its.kind).signer(settings or ours, purpose).dumps(said | changes))


NOBODYS: dict[str, Callable[[AtWork], str]] = {
    "over": over,
    "tampered": tampered,
    "of the other kind": of_the_other_kind,
    "of another purpose": of_another_purpose,
    "of another deployment": of_another_deployment,
    "of another release": of_another_release,
    "empty": lambda _: "",
    "no signature": lambda _: "x.y",
}


@pytest.mark.parametrize("name", NOBODYS)
def test_a_cookie_that_is_nobodys_sends_no_form(at_work: AtWork, name: str) -> None:
    mine = at_work.cookie
    before = at_work.desk.dump()
    at_work.carry(NOBODYS[name](at_work))
    status, _ = at_work.send(at_work.form)
    assert status == 401
    assert at_work.desk.dump() == before
    # Signed anew by the same hands it is the session that it was
    at_work.carry(mine)
    at_work.carry(signed(at_work))
    assert at_work.send(at_work.form) == (303, [])
