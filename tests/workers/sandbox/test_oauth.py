"""Consent, codes, tokens, scopes and linking, as section 2 of the reference has them."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api, client_of
from workers.cronofy.sandbox.control import ControlFailed

CALLBACK = "https://app.example.test/cb?tenant=7"


def link(sandbox: Sandbox, **changes: str) -> str:
    query = {
        "response_type": "code",
        "client_id": sandbox.client_id,
        "redirect_uri": CALLBACK,
        "scope": "read_free_busy create_event",
        "state": "csrf-7c1f",
        "avoid_linking": "true",
    }
    return f"{sandbox.origin}/oauth/authorize?{urlencode(query | changes)}"


def answered(callback: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(callback).query).items()}


def exchange(sandbox: Sandbox, code: str, redirect_uri: str = CALLBACK) -> requests.Response:
    asked = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return Api(sandbox, "None").post("/oauth/token", client_of(sandbox) | asked)


def connect(sandbox: Sandbox, profile: str = "new", **fields: str) -> dict[str, str]:
    code = answered(sandbox.control.consent(link(sandbox), profile=profile, **fields))["code"]
    granted: dict[str, str] = exchange(sandbox, code).json()
    return granted


def test_the_consent_page_is_a_plain_form_that_a_person_can_fill_in(sandbox: Sandbox) -> None:
    page = requests.get(link(sandbox, provider_name="apple"), timeout=60)
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert "<script" not in page.text
    assert '<form method="post">' in page.text
    assert f'name="profile" value="{sandbox.accounts[0].profiles[0]}" checked' in page.text
    assert "<option selected>apple</option>" in page.text
    for name in ("provider", "name", "email", "zone", "decision"):
        assert f'name="{name}"' in page.text
    assert "app.example.test" in page.text


def test_an_agreement_brings_a_code_and_the_state_back(sandbox: Sandbox, control: Control) -> None:
    back = answered(control.consent(link(sandbox), profile=sandbox.accounts[0].sub))
    assert back["state"] == "csrf-7c1f"
    assert back["tenant"] == "7"
    assert exchange(sandbox, back["code"]).json()["sub"] == sandbox.accounts[0].sub


def test_a_refusal_brings_access_denied_and_the_state_back(
    sandbox: Sandbox, control: Control
) -> None:
    back = answered(control.consent(link(sandbox), decision="deny"))
    assert (back["error"], back["state"]) == ("access_denied", "csrf-7c1f")
    assert len(sandbox.world.accounts) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "cid_other"},
        {"redirect_uri": "/relative"},
        {"response_type": "token"},
        {"provider_name": "outlook"},
    ],
)
def test_a_wrong_request_is_told_to_the_person_and_not_sent_back(
    sandbox: Sandbox, changes: dict[str, str]
) -> None:
    for answer in (
        requests.get(link(sandbox, **changes), timeout=60),
        requests.post(link(sandbox, **changes), data={"decision": "allow"}, timeout=60),
    ):
        assert answer.status_code == 400
        assert 'role="alert"' in answer.text


@pytest.mark.parametrize(
    ("asked", "name", "service"),
    [
        ("google", "google", "gsuite"),
        ("apple", "apple", "icloud"),
        ("office365", "exchange", "office365"),
        ("exchange", "exchange", "exchange"),
        ("live_connect", "live_connect", "outlook_com"),
    ],
)
def test_a_link_preselects_the_provider_whose_profile_comes_of_it(
    sandbox: Sandbox, asked: str, name: str, service: str
) -> None:
    url = link(sandbox, provider_name=asked)
    assert f"<option selected>{asked}</option>" in requests.get(url, timeout=60).text
    granted = exchange(sandbox, answered(sandbox.control.consent(url))["code"]).json()[
        "linking_profile"
    ]
    assert (granted["provider_name"], granted["provider_service"]) == (name, service)


def test_an_unknown_profile_is_told(sandbox: Sandbox, control: Control) -> None:
    with pytest.raises(ControlFailed, match="consent page said 400"):
        control.consent(link(sandbox), profile="pro_none")


def test_the_same_calendar_authorised_again_is_the_same_account(sandbox: Sandbox) -> None:
    first = connect(sandbox, provider="google", email="zoe@school.example", name="Zoë")
    again = connect(sandbox, provider="google", email="zoe@school.example")
    other = connect(sandbox, provider="apple", email="zoe@school.example")
    assert first["sub"] == again["sub"] != other["sub"]
    assert first["refresh_token"] == again["refresh_token"] != other["refresh_token"]
    assert first["access_token"] != again["access_token"]


def test_a_browser_links_calendars_unless_told_to_avoid_it(sandbox: Sandbox) -> None:
    with requests.Session() as browser:

        def sub(email: str, avoid_linking: str) -> str:
            form = {"profile": "new", "decision": "allow", "email": email}
            url = link(sandbox, avoid_linking=avoid_linking)
            back = browser.post(url, data=form, allow_redirects=False, timeout=60).headers[
                "Location"
            ]
            return str(exchange(sandbox, answered(back)["code"]).json()["sub"])

        first = sub("a@school.example", "False")
        linked = sub("b@school.example", "")
        apart = sub("c@school.example", "True")
        kept = sub("a@school.example", "true")
    assert first == linked == kept
    assert apart != first
    assert [profile.name for profile in sandbox.world.accounts[first].profiles] == [
        "a@school.example",
        "b@school.example",
    ]


def test_a_code_works_once_for_its_redirect_uri_and_for_five_minutes(
    sandbox: Sandbox, control: Control
) -> None:
    def code() -> str:
        return answered(control.consent(link(sandbox), profile=sandbox.accounts[0].sub))["code"]

    once = code()
    assert exchange(sandbox, once).status_code == 200
    for refused in (
        exchange(sandbox, once),
        exchange(sandbox, code(), "https://elsewhere.test"),
        exchange(sandbox, "x"),
    ):
        assert (refused.status_code, refused.json()) == (400, {"error": "invalid_grant"})
    late = code()
    control.advance(301)
    assert exchange(sandbox, late).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("kind", ["json", "data"])
def test_the_token_endpoints_take_json_and_forms_and_any_bearer(
    sandbox: Sandbox, kind: str
) -> None:
    asked = {"grant_type": "refresh_token", "refresh_token": sandbox.accounts[0].refresh_token}
    for bearer in ("Bearer None", "Bearer undefined", ""):
        answer = requests.post(
            f"{sandbox.origin}/oauth/token",
            headers={"Authorization": bearer},
            timeout=60,
            **{kind: client_of(sandbox) | asked},  # type: ignore[arg-type]
        )
        assert answer.status_code == 200, answer.text
        assert answer.json()["refresh_token"] == sandbox.accounts[0].refresh_token


def test_a_body_that_claims_an_encoding_it_has_not_is_read_as_it_is(
    sandbox: Sandbox, api: Api
) -> None:
    odd = {
        "Content-Encoding": "gzip;q=1.0,deflate;q=0.6,identity;q=0.3",
        "Content-Type": "text/plain",
    }
    asked = client_of(sandbox) | {
        "grant_type": "refresh_token",
        "refresh_token": sandbox.accounts[0].refresh_token,
    }
    assert api.call("POST", "/oauth/token", json=asked, headers=odd).status_code == 200


def test_other_grants_are_refused(sandbox: Sandbox, api: Api) -> None:
    answer = api.post("/oauth/token", client_of(sandbox) | {"grant_type": "password"})
    assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_grant_type"})


@pytest.mark.parametrize("named_by", ["refresh", "access", "alias", "sub"])
def test_revoking_ends_tokens_and_channels_however_the_account_is_named(
    sandbox: Sandbox, control: Control, api: Api, named_by: str
) -> None:
    account = sandbox.accounts[0]
    channel = api.open_channel("http://127.0.0.1:9/hook")
    named = {
        "refresh": {"token": account.refresh_token},
        "access": {"token": account.access_token},
        "alias": {"refresh_token": account.refresh_token},
        "sub": {"sub": account.sub},
    }[named_by]
    # When
    answer = api.post("/oauth/token/revoke", client_of(sandbox) | named)
    # Then
    assert (answer.status_code, answer.content) == (200, b"")
    assert api.get("/v1/userinfo").status_code == 401
    refresh = {"grant_type": "refresh_token", "refresh_token": account.refresh_token}
    assert api.post("/oauth/token", client_of(sandbox) | refresh).json() == {
        "error": "invalid_grant"
    }
    [closed] = control.state()["channels"]
    assert (closed["id"], closed["closed"]) == (channel, True)
    # and once more is no error, and a new authorisation brings the same account back
    assert api.post("/oauth/token/revoke", client_of(sandbox) | named).status_code == 200
    assert connect(sandbox, account.sub)["sub"] == account.sub


def test_access_tokens_die_after_an_hour_and_refresh_tokens_do_not(
    sandbox: Sandbox, control: Control, api: Api
) -> None:
    control.advance(3599)
    assert api.get("/v1/userinfo").status_code == 200
    refresh = {"grant_type": "refresh_token", "refresh_token": sandbox.accounts[0].refresh_token}
    fresh = Api(
        sandbox, api.post("/oauth/token", client_of(sandbox) | refresh).json()["access_token"]
    )
    assert api.get("/v1/userinfo").status_code == 200  # the old one lives on
    control.advance(1)
    answer = api.get("/v1/userinfo")
    assert (answer.status_code, answer.content) == (401, b"")
    assert fresh.get("/v1/userinfo").status_code == 200
    control.expire_tokens(sandbox.accounts[0].sub)
    assert fresh.get("/v1/userinfo").status_code == 401


@pytest.mark.parametrize(
    ("scope", "path", "status"),
    [
        ("read_free_busy", "/v1/free_busy?tzid=UTC", 200),
        ("read_events", "/v1/free_busy?tzid=UTC", 200),
        ("free_busy_write", "/v1/free_busy?tzid=UTC", 200),
        ("create_event delete_event", "/v1/free_busy?tzid=UTC", 403),
        ("read_free_busy", "/v1/events?tzid=UTC", 403),
        ("create_event", "/v1/events?tzid=UTC&only_managed=true", 200),
        ("read_only", "/v1/events?tzid=UTC", 200),
        ("read_free_busy", "/v1/userinfo", 200),
    ],
)
def test_a_scope_opens_what_it_says(
    sandbox: Sandbox, control: Control, scope: str, path: str, status: int
) -> None:
    token = control.grant(sandbox.accounts[0].sub, scope=scope).access_token
    answer = Api(sandbox, token).get(path)
    assert answer.status_code == status
    assert status == 200 or answer.content == b""


def test_two_secrets_are_good_during_a_rotation(
    sandbox: Sandbox, control: Control, api: Api
) -> None:
    old = sandbox.client_secret
    new = control.add_secret()
    refresh = {"grant_type": "refresh_token", "refresh_token": sandbox.accounts[0].refresh_token}

    def status(secret: str) -> int:
        return api.post(
            "/oauth/token", client_of(sandbox) | refresh | {"client_secret": secret}
        ).status_code

    assert (status(old), status(new)) == (200, 200)
    control.drop_secret()
    assert (status(old), status(new)) == (400, 200)
    with pytest.raises(ControlFailed, match="adds its successor first"):
        control.drop_secret()
