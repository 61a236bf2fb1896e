"""A TCP proxy between the product and one of its neighbours, which a test makes misbehave.

pass             bytes go on
delay            bytes go on, each lot some seconds late
swallow          nothing goes on and nobody is told: a lost host, a NAT that forgot. Who was
                 connected
                 meanwhile is never heard again, in later modes neither
swallow_replies  what is asked is done, and its answer never comes
cut              every connection is reset, new ones too
cut_replies      what is asked is done; the connection is reset in place of the answer
half_close       what is asked is done; the asker sees the end of the stream in place of the answer

    with Proxy.to(url) as proxy:
        url_for_the_product = proxy.url(url)
        proxy.misbehave("swallow")
        proxy.behave()
"""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import urlsplit

Mode = Literal["pass", "delay", "swallow", "swallow_replies", "cut", "cut_replies", "half_close"]
RESET = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends a reset
LOT = 65_536


@dataclass(eq=False)
class Link:
    """One connection of a client's, and ours to the neighbour. `lost`: silent for ever, to both."""

    client: socket.socket
    neighbour: socket.socket
    lost: bool = False
    left: bool = False
    """The client closed it, and the neighbour cannot know."""

    def reset(self) -> None:
        for end in (self.client, self.neighbour):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                end.shutdown(socket.SHUT_RD)  # closing alone does not wake whoever reads
            end.close()


class Proxy:
    """Listens at `at` until closed; port 0 is any free one. `neighbour` may be changed: new
    connections go there.
    """

    def __init__(self, neighbour: tuple[str, int], at: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.neighbour = neighbour
        self._mode: Mode = "pass"
        self._delay = 0.0
        self._closed = False
        self._links: set[Link] = set()
        self._lock = threading.Lock()
        self._door = socket.create_server(at, backlog=512)
        self.port: int = self._door.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    @classmethod
    def to(cls, url: str) -> Self:
        """One to the host and port of this URL."""
        parts = urlsplit(url)
        assert parts.port is not None, "the URL names no port"
        return cls((parts.hostname or "127.0.0.1", parts.port))

    def url(self, url: str) -> str:
        """This URL, by way of the proxy."""
        parts = urlsplit(url)
        login, at, _ = parts.netloc.rpartition("@")
        return parts._replace(netloc=f"{login}{at}127.0.0.1:{self.port}").geturl()

    @property
    def carried(self) -> int:
        """How many connections there are, those that lost all included."""
        with self._lock:
            return len(self._links)

    def misbehave(self, mode: Mode, *, seconds: float = 0.0) -> None:
        """From now on, for the connections that there are and for new ones. `seconds`:
        of a delay.
        """
        with self._lock:
            self._mode, self._delay = mode, seconds
            links = list(self._links)
        for link in links:
            if mode == "swallow":
                link.lost = True
            elif mode == "cut":
                self._drop(link)

    def behave(self) -> None:
        """All is well again: for new connections, and for those that lost nothing."""
        with self._lock:
            self._mode = "pass"
            lost = [link for link in self._links if link.lost]
        for link in lost:  # the neighbour notices at last, as its keepalives would make it
            with contextlib.suppress(OSError):
                link.neighbour.shutdown(socket.SHUT_RDWR)
            if link.left:
                self._drop(link, quietly=True)

    def reset(self) -> None:
        """The connections that there are; new ones are let in as before."""
        with self._lock:
            links = list(self._links)
        for link in links:
            self._drop(link)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        with self._lock:
            self._closed = True
            links = list(self._links)
        for link in links:
            self._drop(link)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _take(self) -> None:
        while True:
            try:
                client, _ = self._door.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            neighbour = socket.create_connection(self.neighbour, timeout=5)
        except OSError:
            Link(client, client).reset()
            return
        neighbour.settimeout(None)
        for end in (client, neighbour):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = Link(client, neighbour)
        with self._lock:
            self._links.add(link)
            link.lost = self._mode == "swallow"
            closed = (
                self._closed
            )  # while we were connecting: whoever closed us did not see this one
        if closed or self._mode == "cut":
            self._drop(link)
            return
        back = (link, neighbour, client, True)
        threading.Thread(target=self._carry, args=back, daemon=True).start()
        self._carry(link, client, neighbour, replies=False)

    def _carry(
        self, link: Link, source: socket.socket, target: socket.socket, replies: bool
    ) -> None:
        """Until one end has no more to say; the other is told so, unless the link is lost."""
        with contextlib.suppress(OSError):
            while lot := source.recv(LOT):
                if self._lets_through(link, replies=replies):
                    target.sendall(lot)
        if link.lost and replies:
            return  # the client hears nothing of it, and closes when it has waited enough
        if link.lost and self._mode != "pass":
            link.left = True
            return
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
        if replies or link.lost:
            self._drop(link, quietly=True)

    def _lets_through(self, link: Link, *, replies: bool) -> bool:
        mode = self._mode
        if mode == "delay":
            time.sleep(self._delay)
        if replies and mode == "swallow_replies":
            link.lost = True
        if replies and mode == "cut_replies":
            self._drop(link)
            return False
        if replies and mode == "half_close":
            link.client.shutdown(socket.SHUT_WR)
            return False
        return not link.lost

    def _drop(self, link: Link, *, quietly: bool = False) -> None:
        with self._lock:
            self._links.discard(link)
        if not quietly:
            link.reset()
            return
        for end in (link.client, link.neighbour):
            end.close()
