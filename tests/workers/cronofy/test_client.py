"""Each call says what Cronofy documents, and ends in a value of ours or in one kind of error."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from structlog.testing import capture_logs

from tests.workers.cronofy.clocks import Clock
from tests.workers.cronofy.conftest import API
from tests.workers.cronofy.fixtures import raw, table
from workers.budget import LocalBudget
from workers.cronofy import errors
from workers.cronofy.client import Cronofy
from workers.cronofy.errors import CronofyError

TOKEN = f"{API}/oauth/token"
HOOK = "https://app.example.test/hooks/cronofy/8f2b1c"

Api = responses.RequestsMock


def sent(api: Api, place: int = 0) -> Any:
    body = api.calls[place].request.body
    return json.loads(body) if body else None


def test_a_person_is_sent_to_the_app_origin_to_connect(cronofy: Cronofy) -> None:
    url = cronofy.authorize_url(
        "https://coach.example/cb?x=1", "st&te", scope="read_write read_free_busy"
    )
    assert url.startswith("https://app.cronofy.com/oauth/authorize?")
    assert {name: value for name, (value,) in parse_qs(urlsplit(url).query).items()} == {
        "response_type": "code",
        "client_id": "cid_ours",
        "redirect_uri": "https://coach.example/cb?x=1",
        "scope": "read_write read_free_busy",
        "state": "st&te",
        "avoid_linking": "true",
    }
    assert "canary-secret" not in url


def test_a_provider_is_a_choice(cronofy: Cronofy) -> None:
    url = cronofy.authorize_url("https://coach.example/cb", "s", scope="x", provider="google")
    assert parse_qs(urlsplit(url).query)["provider_name"] == ["google"]


def test_a_code_becomes_a_grant(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, body=raw("oauth/token_authorization_code"))
    assert cronofy.exchange("K9", "https://coach.example/cb").sub == "acc_65f0c0de65f0c0de65f0c0de"
    assert sent(api) == {
        "client_id": "cid_ours",
        "client_secret": "canary-secret",
        "grant_type": "authorization_code",
        "code": "K9",
        "redirect_uri": "https://coach.example/cb",
    }


def test_a_grant_that_does_not_say_whose_it_is_connects_nobody(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, body=raw("oauth/token_refresh"))
    with pytest.raises(errors.BadAnswer, match="whose token"):
        cronofy.exchange("K9", "https://coach.example/cb")


def test_a_refresh_keeps_the_token_that_comes_back(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, body=raw("oauth/token_refresh"))
    assert cronofy.refresh("rt_old").refresh_token == "rt_1Q8s5Dn7u2k4"
    assert (sent(api)["grant_type"], sent(api)["refresh_token"]) == ("refresh_token", "rt_old")


def test_a_refresh_keeps_its_own_token_when_none_comes_back(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, json={"access_token": "at_2", "expires_in": 60})
    assert cronofy.refresh("rt_old").refresh_token == "rt_old"


def test_revoking_gives_the_refresh_token_by_its_documented_name(
    cronofy: Cronofy, api: Api
) -> None:
    api.post(f"{TOKEN}/revoke", status=200)
    cronofy.revoke("rt_1")
    assert sent(api) == {"client_id": "cid_ours", "client_secret": "canary-secret", "token": "rt_1"}


def test_userinfo_is_asked_with_the_access_token(cronofy: Cronofy, api: Api) -> None:
    api.get(f"{API}/v1/userinfo", body=raw("identity/userinfo_connected"))
    assert cronofy.userinfo("at_1").email == "mira@school.example"
    headers = api.calls[0].request.headers
    assert headers["Authorization"] == "Bearer at_1"
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["User-Agent"] == "coachcal"
    assert api.calls[0].request.body is None


def test_the_token_endpoint_gets_no_bearer(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, body=raw("oauth/token_refresh"))
    cronofy.refresh("rt_1")
    assert "Authorization" not in api.calls[0].request.headers


def test_a_channel_is_opened_for_a_url(cronofy: Cronofy, api: Api) -> None:
    api.post(f"{API}/v1/channels", body=raw("channels/create"))
    assert cronofy.open_channel("at_1", HOOK).id == "chn_65f0c0de65f0c0de65f0c0aa"
    assert sent(api) == {"callback_url": HOOK}


def test_open_channels_are_listed(cronofy: Cronofy, api: Api) -> None:
    api.get(f"{API}/v1/channels", body=raw("channels/list"))
    assert [channel.callback_url for channel in cronofy.channels("at_1")] == [HOOK]


@pytest.mark.parametrize("status", [202, 404, 410])
def test_closing_a_channel_that_is_closed_is_no_error(
    cronofy: Cronofy, api: Api, status: int
) -> None:
    api.delete(f"{API}/v1/channels/chn_1%2F..%2Fx", status=status)
    cronofy.close_channel("at_1", "chn_1/../x")
    assert len(api.calls) == 1


def test_credentials_are_checked_with_a_token_that_cannot_exist(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, status=400, json={"error": "invalid_grant"})
    cronofy.ping()
    assert sent(api)["grant_type"] == "refresh_token"


def test_wrong_credentials_are_found_out(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, status=400, json={"error": "invalid_client"})
    with pytest.raises(errors.InvalidClient, match="client id, secret and data centre"):
        cronofy.ping()


def test_a_server_that_accepts_any_token_is_not_cronofy(cronofy: Cronofy, api: Api) -> None:
    api.post(TOKEN, body=raw("oauth/token_refresh"))
    with pytest.raises(errors.BadAnswer, match="check the API origin"):
        cronofy.ping()


@pytest.mark.parametrize(
    ("status", "kind", "permanent"),
    [
        (301, errors.BadAnswer, False),
        (400, errors.Rejected, True),
        (401, errors.Unauthorised, False),
        (402, errors.Forbidden, True),
        (403, errors.Forbidden, True),
        (404, errors.NotFound, True),
        (405, errors.Rejected, True),
        (408, errors.Unavailable, False),
        (410, errors.NotFound, True),
        (422, errors.Rejected, True),
        (423, errors.Locked, True),
        (429, errors.RateLimited, False),
        (500, errors.Unavailable, False),
        (502, errors.Unavailable, False),
        (503, errors.Unavailable, False),
        (504, errors.Unavailable, False),
        (599, errors.Unavailable, False),
    ],
)
def test_each_status_is_one_kind_of_error(
    cronofy: Cronofy, api: Api, status: int, kind: type[CronofyError], permanent: bool
) -> None:
    api.get(f"{API}/v1/userinfo", status=status)
    with pytest.raises(kind, match=rf"^GET /v1/userinfo answered {status}") as caught:
        cronofy.userinfo("at_1")
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.permanent) == (status, permanent)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "invalid_grant"}, errors.InvalidGrant),
        (400, {"error": "errors.unknown_or_used"}, errors.InvalidGrant),
        (400, {"errors": {"code": [{"key": "errors.unknown_or_used"}]}}, errors.InvalidGrant),
        (400, {"error": "invalid_client"}, errors.InvalidClient),
        (401, {"error": "invalid_client"}, errors.InvalidClient),
        (401, None, errors.InvalidClient),
        (401, {"error": "invalid_grant"}, errors.InvalidGrant),
        (400, {"error": "unsupported_grant_type"}, errors.Rejected),
        (400, None, errors.Rejected),
        (403, None, errors.Forbidden),
    ],
)
def test_the_token_endpoint_has_errors_of_its_own(
    cronofy: Cronofy, api: Api, status: int, body: Any, kind: type[CronofyError]
) -> None:
    api.post(TOKEN, status=status, json=body)
    with pytest.raises(kind) as caught:
        cronofy.refresh("rt_1")
    assert caught.value.permanent
    assert caught.value.status == status


@pytest.mark.parametrize("name", [name for name in table("refusals") if name.startswith("422")])
def test_a_validation_error_names_its_keys_and_quotes_nothing(
    cronofy: Cronofy, api: Api, name: str
) -> None:
    body = table("refusals")[name]["body"]
    api.post(f"{API}/v1/channels", status=422, json=body)
    with pytest.raises(errors.Rejected) as caught:
        cronofy.open_channel("at_1", HOOK)
    field, (entry, *_) = next(iter(body["errors"].items()))
    assert caught.value.keys[0] == f"{field}: {entry['key']}"
    assert caught.value.keys[0] in str(caught.value)
    assert entry["description"] not in str(caught.value).replace(entry["key"], "")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"<html>"])
def test_a_success_without_an_answer_is_none(cronofy: Cronofy, api: Api, body: bytes) -> None:
    api.get(f"{API}/v1/userinfo", body=body)
    with pytest.raises(errors.BadAnswer):
        cronofy.userinfo("at_1")


@pytest.mark.parametrize("token", ["", "at 1", "at_1\r\nX-Evil: 1", "at_é", "a" * 5_000])
def test_a_token_that_cannot_stand_in_a_header_is_never_sent(
    cronofy: Cronofy, api: Api, token: str
) -> None:
    with pytest.raises(errors.Unauthorised) as caught:
        cronofy.userinfo(token)
    assert not api.calls
    assert not token or token not in str(caught.value)


def test_nothing_is_sent_when_the_budget_is_spent(
    cronofy: Cronofy, api: Api, budget: LocalBudget
) -> None:
    budget.pause(60)
    with pytest.raises(errors.OverBudget) as caught:
        cronofy.userinfo("at_1")
    assert not api.calls
    assert not caught.value.permanent
    assert caught.value.retry_after == pytest.approx(60)


def test_each_try_takes_from_the_budget(clock: Clock, api: Api) -> None:
    budget = LocalBudget(per_second=1, per_minute=2, monotonic=clock.monotonic, sleep=clock.sleep)
    cronofy = Cronofy(API, API, "cid", "s", budget, monotonic=clock.monotonic, sleep=clock.sleep)
    api.get(f"{API}/v1/userinfo", status=500)
    with pytest.raises(errors.OverBudget):
        cronofy.userinfo("at_1")
    assert len(api.calls) == 2


def test_a_log_line_tells_the_path_and_no_id(cronofy: Cronofy, api: Api) -> None:
    api.delete(f"{API}/v1/channels/chn_canary", status=202)
    with capture_logs() as logged:
        cronofy.close_channel("at_canary", "chn_canary")
    assert logged == [
        {
            "event": "cronofy_call",
            "log_level": "info",
            "method": "DELETE",
            "path": "/v1/channels/{id}",
            "status": 202,
            "seconds": 0.0,
        }
    ]


def test_the_client_shows_no_secret(cronofy: Cronofy) -> None:
    assert repr(cronofy) == "Cronofy('https://api.cronofy.com', Application(client_id='cid_ours'))"
    assert "canary" not in str(cronofy)


@pytest.mark.parametrize("origin", ["http://api.cronofy.com", "https://api.cronofy.com/v1", ""])
def test_a_wrong_origin_is_refused_before_any_call(origin: str, budget: LocalBudget) -> None:
    with pytest.raises(ValueError, match="origin"):
        Cronofy(origin, "https://app.cronofy.com", "cid", "s", budget)
