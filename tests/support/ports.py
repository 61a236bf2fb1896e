"""Ports for servers that are told theirs before they listen."""

import os
import socket
from contextlib import suppress
from itertools import cycle
from random import SystemRandom

FIRST, EACH, TESTERS = 20_000, 800, 15
"""Below what a system gives to who asks for any port, on Linux from 32768, elsewhere from 49152."""
_tester = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % TESTERS
_first = FIRST + EACH * _tester
_ports = cycle(SystemRandom().sample(range(_first, _first + EACH), EACH))


def free_port() -> int:
    """One of this tester's own where nobody listens; the same again after hundreds of others.

    The race: a port that the system chose may be given, until we listen there or while what listens
    is started anew, to any server or client of another tester.
    """
    while True:
        port = next(_ports)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
