"""The address that a request is from: the peer's, or what the proxies that we trust say of it."""

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

Networks = tuple[IPv4Network | IPv6Network, ...]

LONGEST_ADDRESS = 50
MOST_HOPS = 20
SUBSCRIBER = 64
"""Bits of an IPv6 address that are one subscriber's: the others they choose as they like."""


def caller(environ: dict[str, Any], proxies: Networks) -> str:
    """The peer, unless it is a trusted proxy: then the last in X-Forwarded-For that is none.

    What stands before that one is whatever it chose to send. An IPv6 address is told as its
    subscriber's network.
    """
    address = _written(environ.get("REMOTE_ADDR", ""))
    if not proxies or not _within(address, proxies):
        return _subscriber(address)
    for hop in reversed(environ.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", MOST_HOPS)):
        written = _written(hop.strip())
        if not written:
            break  # nobody's address: the proxy that passed it on is the last that we know
        address = written
        if not _within(address, proxies):
            break
    return _subscriber(address)


def _written(address: str) -> str:
    """The one way to write this address, with or without a port; empty when it is none."""
    if len(address) > LONGEST_ADDRESS:
        return ""  # not kept, either
    return _parsed(address)


@lru_cache(maxsize=4096)
def _parsed(address: str) -> str:
    if address.startswith("["):
        address = address[1:].partition("]")[0]
    elif address.count(":") == 1:
        address = address.partition(":")[0]
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(found)


@lru_cache(maxsize=4096)
def _within(address: str, networks: Networks) -> bool:
    return bool(address) and any(ip_address(address) in network for network in networks)


@lru_cache(maxsize=4096)
def _subscriber(address: str) -> str:
    if ":" not in address:
        return address or "nobody"
    return str(ip_network(f"{address}/{SUBSCRIBER}", strict=False))
