"""The proxies between the product and its neighbours, in a process of their own: there they delay
nobody else.

They take orders on stdin, a JSON line each, and answer each with a line on stdout.
"""

import contextlib
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from tests.support.places import HERE, Place
from tests.support.tcp_proxy import Proxy


class Proxies:
    """The handle to that process."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self._child = child
        self._lock = threading.Lock()
        self._ports: dict[str, int] = {}

    def add(self, name: str, url: str, door: tuple[str, int] = ("127.0.0.1", 0)) -> str:
        """A proxy to this URL's host and port -> the URL by way of it, on this machine."""
        parts = urlsplit(url)
        way = {"host": parts.hostname, "port": parts.port, "door": door}
        self._ports[name] = self._order("add", name, **way)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}127.0.0.1:{self._ports[name]}").geturl()

    def misbehave(self, name: str, mode: str, *, seconds: float = 0.0) -> None:
        """See tests.support.tcp_proxy for the modes."""
        self._order("misbehave", name, mode=mode, seconds=seconds)

    def behave(self, name: str) -> None:
        self._order("behave", name)

    def point(self, name: str, port: int, host: str = "127.0.0.1") -> None:
        """New connections go elsewhere."""
        self._order("point", name, host=host, port=port)

    def behave_all(self) -> None:
        for name in self._ports:
            self.behave(name)

    def _order(self, verb: str, name: str, **more: Any) -> int:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        with self._lock:
            self._child.stdin.write(json.dumps({"verb": verb, "name": name, **more}) + "\n")
            self._child.stdin.flush()
            answer = self._child.stdout.readline()
        assert answer, "the process of the proxies has ended"
        return int(answer)


@contextlib.contextmanager
def opened(place: Place = HERE) -> Iterator[Proxies]:
    child = subprocess.Popen(
        [*place.enter, sys.executable, "-m", "tests.chaos.proxies"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Proxies(child)
    finally:
        child.kill()
        child.communicate()


def main() -> None:
    """Until stdin ends, which it does when whoever started us is gone."""
    proxies: dict[str, Proxy] = {}
    for line in sys.stdin:
        order = json.loads(line)
        name = order["name"]
        target = order.get("host"), order.get("port")
        match order["verb"]:
            case "add":
                host, port = order["door"]
                proxies[name] = Proxy(target, (host, port))
            case "misbehave":
                proxies[name].misbehave(order["mode"], seconds=order["seconds"])
            case "behave":
                proxies[name].behave()
            case "point":
                proxies[name].neighbour = target
        print(proxies[name].port, flush=True)


if __name__ == "__main__":
    main()
