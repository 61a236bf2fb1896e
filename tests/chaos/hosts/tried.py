"""What a host of such a network reaches, said as a line each, for a test: before it is cut off, in
each way of that, and after.
"""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

from tests.chaos.hosts import network
from tests.chaos.hosts.network import DATABASES, HUB, Host

PORT = 7000
SECONDS = 2.0
CALL = "import socket, sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), {seconds})"


def main() -> int:
    try:
        network.separate()
        with network.raised(2) as (host, other), ExitStack() as stack:
            for address in (HUB, DATABASES[0]):
                stack.enter_context(socket.create_server((address, PORT)))
            for line in _tried(host, other):
                print(line)
    except network.Impossible as why:
        print(f"not run: {why}")
        return 3
    return 0


def _tried(host: Host, other: Host) -> Iterator[str]:
    yield f"well: {_reached(host)}"
    host.unplug()
    yield f"unplugged: {_reached(host)}"
    yield f"the other one: {_reached(other)}"
    host.plug_in()
    yield f"plugged in: {_reached(host, tries=10)}"
    host.silence()
    yield f"silent: {_reached(host)}"
    host.hear()
    yield f"heard: {_reached(host, tries=10)}"
    with host.parted_from(DATABASES):
        yield f"halved: {_reached(host)}"
    yield f"whole: {_reached(host, tries=10)}"


def _reached(host: Host, tries: int = 1) -> list[str]:
    """`tries`: once all is well, an address that was sought in vain may fail for seconds more."""
    found = []
    for address in (HUB, DATABASES[0]):
        if any(_reaches(host, address) for _ in range(tries)):
            found.append(address)
    return found


def _reaches(host: Host, address: str) -> bool:
    call = [sys.executable, "-c", CALL.format(seconds=SECONDS), address, str(PORT)]
    done = subprocess.run([*host.place.enter, *call], capture_output=True, text=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
