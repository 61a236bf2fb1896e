"""A token goes to the configured origin and nowhere else, however an address is spelled."""

from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from workers.cronofy import origins

API = "https://api.cronofy.com"
PAGE = "/v1/free_busy/pages/65f0c0de"


def test_the_six_data_centres_are_apart_for_programs_and_browsers() -> None:
    assert list(origins.ORIGINS) == ["us", "au", "ca", "de", "sg", "uk"]
    assert origins.ORIGINS["us"] == ("https://api.cronofy.com", "https://app.cronofy.com")
    assert origins.ORIGINS["uk"] == ("https://api-uk.cronofy.com", "https://app-uk.cronofy.com")
    hosts = [host for pair in origins.ORIGINS.values() for host in pair]
    assert len(set(hosts)) == 12
    assert [origins.checked(host) for host in hosts] == hosts


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("https://api-de.cronofy.com/", "https://api-de.cronofy.com"),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900"),
        ("http://localhost:8900/", "http://localhost:8900"),
        ("http://[::1]:8900", "http://[::1]:8900"),
        ("HTTPS://api.cronofy.com", "https://api.cronofy.com"),
    ],
)
def test_an_origin_is_kept_without_its_slash(given: str, kept: str) -> None:
    assert origins.checked(given) == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "api.cronofy.com",
        "//api.cronofy.com",
        "ftp://api.cronofy.com",
        "https://",
        "https://api.cronofy.com/v1",
        "https://api.cronofy.com?x=1",
        "https://me:pw@api.cronofy.com",
        "https://api.cronofy.com:http",
        "https://api.cronofy.com:99999",
        "https://api.cronofy.com:0",
        "https://api.cronofy.com\n",
        "https://api.cronofy.com\\@evil.example",
        "https://äpi.cronofy.com",
    ],
)
def test_what_is_no_origin_is_refused_with_an_example(given: str) -> None:
    with pytest.raises(ValueError, match=r"looks like https://api\.cronofy\.com"):
        origins.checked(given)


@pytest.mark.parametrize(
    "given", ["http://api.cronofy.com", "http://10.0.0.7:8900", "http://localhost.example"]
)
def test_plain_http_is_refused_beyond_this_machine(given: str) -> None:
    with pytest.raises(ValueError, match="use https"):
        origins.checked(given)


@pytest.mark.parametrize(
    ("origin", "url", "path"),
    [
        (API, API + PAGE, PAGE),
        (API, API + PAGE + "?cursor=a%2Fb&x=1", PAGE + "?cursor=a%2Fb&x=1"),
        (API, "https://API.Cronofy.COM:443" + PAGE, PAGE),
        ("http://127.0.0.1:8900", "http://127.0.0.1:8900" + PAGE, PAGE),
        ("http://[::1]:8900", "http://[::1]:8900" + PAGE, PAGE),
    ],
)
def test_a_page_on_our_origin_is_followed_by_its_path(origin: str, url: str, path: str) -> None:
    assert origins.path_on(origin, url) == path


@pytest.mark.parametrize(
    "url",
    [
        "http://api.cronofy.com" + PAGE,
        "https://api.cronofy.com:444" + PAGE,
        "https://api.cronofy.com:0" + PAGE,
        "https://api-uk.cronofy.com" + PAGE,
        "https://api.cronofy.com.evil.example" + PAGE,
        "https://evil.example/api.cronofy.com" + PAGE,
        "https://api.cronofy.com@evil.example" + PAGE,
        "https://evil.example@api.cronofy.com" + PAGE,
        "https://u:p@api.cronofy.com" + PAGE,
        "https://@api.cronofy.com" + PAGE,
        "https://api.cronofy.com\\@evil.example" + PAGE,
        "https://evil.example\\@api.cronofy.com" + PAGE,
        "https://evil.example#@api.cronofy.com" + PAGE,
        "https://evil.example?@api.cronofy.com" + PAGE,
        "https://api.cronofy.com%2eevil.example" + PAGE,
        "https://api.cronofy.com。evil.example" + PAGE,
        "https://api.cronofy.com." + PAGE,
        "https://api.cronofy.com" + PAGE + "#there",
        "https://api.cronofy.com" + PAGE + " HTTP/1.1\r\nX: y",
        "https://api.cronofy\t.com" + PAGE,
        "\nhttps://api.cronofy.com" + PAGE,
        "https:/api.cronofy.com" + PAGE,
        "https:api.cronofy.com" + PAGE,
        "//api.cronofy.com" + PAGE,
        PAGE,
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://[::1" + PAGE,
        "https://api.cronofy.com",
        "https://api.cronofy.com/v1/free_busy/../../oauth/token",
        "https://api.cronofy.com/v1/free_busy/%2e%2E/oauth",
        "",
    ],
)
def test_any_other_address_is_not(url: str) -> None:
    assert origins.path_on(API, url) is None


parts = st.sampled_from(
    [
        *("https://", "http://", "api.cronofy.com", "evil.example", "443", "%40", "//", PAGE),
        *"@:/\\#?.",
    ],
)
home = ("https", "api.cronofy.com", 443, None)


@given(url=st.lists(parts, max_size=8).map("".join) | st.text(max_size=40).map(API.__add__))
def test_whatever_is_followed_leads_home_by_every_parser(url: str) -> None:
    path = origins.path_on(API, url)
    if path is not None:
        prepared = requests.Request("GET", API + path).prepare().url or ""
        assert prepared.startswith(API + "/")
        for each in (url, API + path, prepared):
            seen = urlsplit(each)
            assert (seen.scheme, seen.hostname, seen.port or 443, seen.username) == home
