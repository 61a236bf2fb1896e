"""Which addresses lie in the internet, as seen from a machine that has neighbours of its own."""

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
NAT64 = IPv6Network("64:ff9b::/96")
NEAR = ("localhost", "local", "internal")
"""The last part of names that lead to a machine's neighbours."""


def may_be_public(host: str) -> bool:
    """By its text alone: where a name leads is known only when somebody asks for it."""
    host = host.rstrip(".").lower()
    address = _number(host)
    if address is not None:
        return is_public(address)
    # A name without a dot is one of the network that this machine is in.
    return "." in host and host.rpartition(".")[2] not in NEAR


def leads_to_public(host: str) -> bool:
    """Whether all of its addresses are public, as they are now. Raises OSError: it has none."""
    return bool(public_addresses_of(host))


def addresses_of(host: str) -> list[str]:
    """As they are now, as numbers. Raises OSError: it has none."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise OSError("it is no name") from None
    return [str(each[4][0]) for each in found]


def public_addresses_of(host: str) -> list[str]:
    """The same; none where one of them is not public."""
    addresses = addresses_of(host)
    # All of them: which one is posted to is not ours to say.
    if not all(is_public(ip_address(each)) for each in addresses):
        return []
    return addresses


def is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        inside = _inside(address)
        if inside is not None:
            return is_public(inside)
    return address.is_global and not address.is_multicast


def _inside(address: IPv6Address) -> IPv4Address | None:
    """The address to which a gateway passes it on."""
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


def _number(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    # Whoever connects also takes 2130706433, 0x7f.1 and 127.1 for numbers.
    try:
        return IPv4Address(socket.inet_aton(host))
    except (OSError, UnicodeError):
        return None
