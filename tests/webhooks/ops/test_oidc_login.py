"""The login by a provider, without a browser: who gets in, as whom, in which role, for how long."""

from collections.abc import Callable, Iterator

import pytest
from dramatiq.brokers.stub import StubBroker
from structlog.testing import capture_logs

from storage.rows import audit_log
from tests.browser import scene
from tests.support import http_client as desks
from tests.support import made_up_provider as made_up
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.made_up_provider import ACT, ERASE, MAIL, READ, SUBJECT, MadeUpProvider
from tests.support.ops_pages import csrf, do, later, log_in
from webhooks.app import create_app
from webhooks.ops.visitors import Visitor


@pytest.fixture
def provider() -> Iterator[MadeUpProvider]:
    with made_up.provided() as provider:
        yield provider


@pytest.fixture
def desk(fresh_database: Callable[[Kind], str], provider: MadeUpProvider) -> Iterator[Desk]:
    url = fresh_database("sqlite")
    with desks.opened(url, broker=StubBroker(), **provider.settings) as opened:
        yield opened


def test_whoever_acts_is_in_and_the_audit_names_them(desk: Desk, provider: MadeUpProvider) -> None:
    # Given somebody on the way to a page
    begun = desk.client.get("/ops/oidc/login?next=/ops/pauses")
    query = provider.authorise(begun.location or "")
    # When the provider sends them back
    answer = desk.client.get("/ops/oidc/callback", query_string=query)
    # Then they are there, and may act
    assert (answer.status_code, answer.location) == (303, "/ops/pauses")
    page = desk.client.get("/ops/pauses")
    assert MAIL in page.text
    assert "read only" not in page.text
    data = {"csrf": csrf(page), "what": "mail"}
    assert desk.client.post("/ops/pauses", data=data).status_code == 303
    # And the audit tells who it was
    with desk.database.read() as tx:
        found = [(deed.actor, deed.action) for deed in audit_log.deeds(tx)]
    named = f"oidc/{SUBJECT} ({MAIL})"
    assert sorted(found) == [(named, "login"), (named, "pause")]


def test_a_login_asks_with_pkce_state_and_nonce_of_its_own_each_time(
    desk: Desk, provider: MadeUpProvider
) -> None:
    asked = []
    for _ in range(2):
        provider.authorise(desk.client.get("/ops/oidc/login").location or "")
        asked.append(provider.begun)
    first, second = asked
    assert first["code_challenge_method"] == "S256"
    assert first["redirect_uri"] == "http://127.0.0.1:8000/ops/oidc/callback"
    assert first["scope"] == "openid email"
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name]) >= 43
        assert first[name] != second[name]


@pytest.mark.parametrize(
    ("groups", "acts"), [([READ], False), ([READ, ACT], True), (READ, False), (["x", ACT], True)]
)
def test_the_strongest_of_a_person_s_groups_counts(
    desk: Desk, provider: MadeUpProvider, groups: object, acts: bool
) -> None:
    provider.claims = {"groups": groups}
    assert provider.log_in(desk.client).status_code == 303
    refused = do(desk, "/ops/hurry/mail").status_code == 403
    assert refused is not acts


def test_groups_that_the_userinfo_tells_count(desk: Desk, provider: MadeUpProvider) -> None:
    provider.claims = {"groups": None, "email": None}
    provider.userinfo = {"groups": [READ]}
    assert provider.log_in(desk.client).status_code == 303
    assert "so say your groups" in desk.client.get("/ops").text
    assert MAIL in desk.client.get("/ops").text


def test_erasing_people_takes_a_group_that_gives_it(desk: Desk, provider: MadeUpProvider) -> None:
    people.ready(desk.database, people.MAILED)
    scene.booked(desk)
    for groups, status in ([ACT], 403), ([ERASE, READ], 403), ([ACT, ERASE], 200):
        provider.claims = {"groups": groups}
        client = create_app(desk.runtime).test_client()
        provider.log_in(client)
        data = {"csrf": csrf(client.get("/ops")), "kind": "participant"}
        answer = client.post("/ops/people/grace/export", data=data)
        assert answer.status_code == status, groups


def test_a_mail_address_that_may_be_another_s_names_nobody(
    desk: Desk, provider: MadeUpProvider
) -> None:
    provider.claims = {"email_verified": False}
    provider.log_in(desk.client)
    with desk.database.read() as tx:
        (deed,) = audit_log.deeds(tx)
    assert deed.actor == f"oidc/{SUBJECT}"


def test_a_login_begins_a_new_session_and_keys_log_in_as_before(
    desk: Desk, provider: MadeUpProvider
) -> None:
    # Given a cookie that somebody else may have planted before the login
    page = desk.client.get("/ops/login")
    assert "Log in at 127.0.0.1" in page.text
    planted = desk.client.get_cookie("coachcal-ops")
    provider.log_in(desk.client)
    mine = desk.client.get_cookie("coachcal-ops")
    assert planted is not None
    assert mine is not None
    assert mine.value != planted.value
    # Then it opens nothing, and its forms' token is not that of the session
    desk.client.set_cookie(planted.key, planted.value)
    assert desk.client.get("/ops").status_code == 303
    assert log_in(desk.client, desk.key("ops")).status_code == 303
    assert desk.client.get("/ops").status_code == 200


def test_who_logs_out_is_out_with_every_copy_of_the_cookie(
    desk: Desk, provider: MadeUpProvider
) -> None:
    provider.log_in(desk.client)
    copied = desk.client.get_cookie("coachcal-ops")
    assert copied is not None
    assert do(desk, "/ops/logout").location == "/ops/login"
    desk.client.set_cookie(copied.key, copied.value)
    assert desk.client.get("/ops").status_code == 303


def test_a_session_holds_eight_hours_whatever_the_provider_thinks_by_then(
    desk: Desk, provider: MadeUpProvider
) -> None:
    provider.log_in(desk.client)
    provider.claims = {"groups": []}
    with later(desk, hours=7.99, **provider.settings) as client:
        assert client.get("/ops").status_code == 200
    with later(desk, hours=8, **provider.settings) as client:
        assert client.get("/ops").status_code == 303


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"oidc_act_groups": "others"}, 303),
        ({"oidc_issuer": "https://elsewhere.test"}, 303),
        ({"oidc_act_groups": "others", "oidc_read_groups": ACT}, 200),
    ],
)
def test_what_the_settings_say_now_counts(
    desk: Desk, provider: MadeUpProvider, changed: dict[str, str], status: int
) -> None:
    provider.log_in(desk.client)
    with later(desk, **provider.settings | changed) as client:
        assert client.get("/ops").status_code == status


def test_nothing_that_is_secret_is_logged_or_kept_in_the_open(
    desk: Desk, provider: MadeUpProvider
) -> None:
    with capture_logs() as logged:
        url = desk.client.get("/ops/oidc/login").location or ""
        kept = desk.client.get_cookie("coachcal-ops-login")
        query = provider.authorise(url)
        desk.client.get("/ops/oidc/callback", query_string=query | {"state": "wrong"})
        provider.log_in(desk.client)
    session = desk.client.get_cookie("coachcal-ops")
    assert kept is not None
    assert session is not None
    secrets = [made_up.SECRET, made_up.GRANTED, provider.token(), provider.begun["nonce"], "a-code"]
    for secret in secrets:
        for place in (repr(logged), kept.value, session.value, repr(desk.dump())):
            assert secret not in place
    assert logged[-1]["reason"] == "oidc_login_over"


def test_without_a_provider_nobody_is_sent_to_one(one_desk: Desk) -> None:
    for path in ("/ops/oidc/login", "/ops/oidc/callback"):
        answer = one_desk.client.get(path)
        assert answer.status_code == 404
        assert "COACHCAL_OIDC_ISSUER" in answer.text
    assert "Log in at" not in one_desk.client.get("/ops/login").text


def test_a_cookie_of_the_release_before_still_names_its_key() -> None:
    before = {"key_id": "1", "client_id": "ops", "csrf": "x", "until": 1}
    assert Visitor.of_json(before).name == "ops/1"
