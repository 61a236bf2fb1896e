"""A network of our own: a switch, addresses for the neighbours, and hosts behind a cable each.

All of it is in network namespaces that nobody else sees, this process in one of them, and each is
gone with the last process in it: nothing is left behind, however we end, and several runs do not
meet.
"""

import contextlib
import ctypes
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from tests.support.places import Place

CLONE_NEWNET = 0x40000000
PROGRAMS = ("ip", "nsenter", "unshare")
SWITCH, SWITCH_MAC = "switch", "02:00:00:00:77:01"
NOBODY_MAC = "02:00:00:00:77:ff"
HUB = "10.77.0.1"
DATABASES = ("10.77.0.11", "10.77.0.12")
REDISES = ("10.77.0.21", "10.77.0.22")
FIRST_HOST = 101
HOLD = "ip link set lo up && echo ready && read -r _"
"""Keeps a namespace until our end of its stdin is closed."""


class Impossible(Exception):
    """There can be no such network here; the text says why."""


@dataclass(frozen=True)
class Host:
    """`cable`: our end of it, in the switch."""

    number: int
    cable: str
    place: Place

    def unplug(self) -> None:
        """Both ends see that the cable is out."""
        _run("ip", "link", "set", self.cable, "down")

    def plug_in(self) -> None:
        """After that."""
        _run("ip", "link", "set", self.cable, "up")

    def silence(self) -> None:
        """The switch forwards nothing to and from it, and nobody is told."""
        # Without arp off, our own end would answer for our addresses, and take what is sent there.
        _run("ip", "link", "set", self.cable, "nomaster", "arp", "off")

    def hear(self) -> None:
        """After that."""
        _run("ip", "link", "set", self.cable, "arp", "on", "master", SWITCH)

    @contextlib.contextmanager
    def parted_from(self, addresses: Sequence[str]) -> Iterator[None]:
        """What it sends to these goes nowhere, and nobody is told; all else arrives."""
        for address in addresses:
            self._neighbour("replace", address, "lladdr", NOBODY_MAC, "nud", "permanent")
        try:
            yield
        finally:
            for address in addresses:
                self._neighbour("del", address)

    def _neighbour(self, verb: str, address: str, *more: str) -> None:
        _run(*self.place.enter, "ip", "neigh", verb, address, *more, "dev", "eth0")


def separate() -> None:
    """From now on this process and its children have a network of their own. No thread may run yet.
    Raises Impossible.
    """
    if os.geteuid() != 0:
        raise Impossible("only root may make network namespaces")
    for program in PROGRAMS:
        if shutil.which(program) is None:
            raise Impossible(f"there is no program `{program}` here")
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        why = os.strerror(ctypes.get_errno())
        raise Impossible(f"the kernel makes no network namespace: {why}")
    # Nobody outside can be asked any more, a proxy neither.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"


@contextlib.contextmanager
def raised(count: int) -> Iterator[tuple[Host, ...]]:
    """So many hosts, all well, once this process is separate. Raises Impossible."""
    with ExitStack() as stack:
        try:
            _run("ip", "link", "set", "lo", "up")
            # By itself it would take the lowest of its cables' addresses, which come and go.
            _run("ip", "link", "add", SWITCH, "address", SWITCH_MAC, "type", "bridge")
            _run("ip", "link", "set", SWITCH, "up")
            for address in (HUB, *DATABASES, *REDISES):
                _run("ip", "address", "add", f"{address}/24", "dev", SWITCH)
            hosts = [stack.enter_context(_host(number)) for number in range(1, count + 1)]
        except subprocess.CalledProcessError as error:
            said = f"`{' '.join(error.cmd)}` said: {error.stderr.strip()}"
            raise Impossible(said) from None
        yield tuple(hosts)


@contextlib.contextmanager
def _host(number: int) -> Iterator[Host]:
    holder = subprocess.Popen(
        ["unshare", "--net", "/bin/sh", "-c", HOLD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # a Ctrl-C is for us
    )
    assert holder.stdout is not None
    try:
        if holder.stdout.readline() != b"ready\n":
            raise Impossible("a second network namespace cannot be made")
        enter = ("nsenter", f"--net=/proc/{holder.pid}/ns/net", "--")
        address = f"10.77.0.{FIRST_HOST - 1 + number}"
        host = Host(number, f"host-{number}", Place(address, enter))
        other_end = ("peer", "name", "eth0", "netns", str(holder.pid))
        _run("ip", "link", "add", host.cable, "type", "veth", *other_end)
        _run("ip", "link", "set", host.cable, "master", SWITCH)
        _run("ip", "link", "set", host.cable, "up")
        _run(*enter, "ip", "address", "add", f"{address}/24", "dev", "eth0")
        _run(*enter, "ip", "link", "set", "eth0", "up")
        yield host
    finally:
        holder.communicate()


def _run(*command: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(command, check=True, capture_output=True, text=True)
