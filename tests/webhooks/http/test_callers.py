"""Whose address a request is from: nobody can make up another by a header, and a chain of proxies
costs nothing.
"""

import time

import pytest

from tests.support import http_client as desks
from tests.webhooks.costs import measured_pace
from webhooks.http.callers import caller
from workers.settings import Settings


def found_by(proxies: str, peer: str, forwarded: str) -> str:
    settings: Settings = desks.settings_for("sqlite://", desks.NOWHERE, trusted_proxies=proxies)
    return caller(
        {"REMOTE_ADDR": peer, "HTTP_X_FORWARDED_FOR": forwarded}, settings.trusted_proxies or ()
    )


PROXIES = "10.0.0.0/8, 192.0.2.7,2001:db8:5::/48"


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "found"),
    [
        ("", "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ("", "10.0.0.1", "198.51.100.1", "10.0.0.1"),
        (PROXIES, "203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (PROXIES, "10.0.0.1", "198.51.100.1", "198.51.100.1"),
        (PROXIES, "10.0.0.1", "1.1.1.1, 198.51.100.1", "198.51.100.1"),
        (PROXIES, "10.0.0.1", "1.1.1.1, 198.51.100.1, 192.0.2.7,10.9.9.9", "198.51.100.1"),
        (PROXIES, "10.0.0.1", "198.51.100.1:4711", "198.51.100.1"),
        (PROXIES, "::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        (PROXIES, "2001:db8:5::1", "[2001:db8:9:1:2:3:4:5]:443", "2001:db8:9:1::/64"),
        (PROXIES, "10.0.0.1", "2001:db8:9:1::77", "2001:db8:9:1::/64"),
        (PROXIES, "10.0.0.1", "fe80::1%eth0", "fe80::/64"),
        (PROXIES, "10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        (PROXIES, "10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"),
        (PROXIES, "10.0.0.1", "198.51.100.1, 192.0.2.7, <script>", "10.0.0.1"),
        (PROXIES, "10.0.0.1", "", "10.0.0.1"),
        (PROXIES, "10.0.0.1", ",,,", "10.0.0.1"),
        (PROXIES, "", "198.51.100.1", "nobody"),
        (PROXIES, "10.0.0.1", "9" * 8_000, "10.0.0.1"),
        (PROXIES, "10.0.0.1", "10.0.0.2," * 2_000 + "198.51.100.1", "198.51.100.1"),
    ],
)
def test_the_address_is_the_last_that_no_trusted_proxy_made_up(
    proxies: str, peer: str, forwarded: str, found: str
) -> None:
    assert found_by(proxies, peer, forwarded) == found


def test_a_worst_chain_of_proxies_costs_nothing_to_speak_of() -> None:
    began = time.thread_time()
    for number in range(200):
        found_by(PROXIES, "10.0.0.1", f"{number}, " + "10.0.0.2, " * 6_000)
    assert time.thread_time() - began < measured_pace()  # a second, on a quick machine


@pytest.mark.parametrize("given", ["10.0.0.1/8", "proxy.example.com", "10.0.0.0/33", "*"])
def test_a_proxy_is_a_network(given: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        found_by(given, "10.0.0.1", "")
