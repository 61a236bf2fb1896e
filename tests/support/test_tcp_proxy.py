"""The proxy that tests put between us and a neighbour: it does what its modes say."""

import contextlib
import socket
from collections.abc import Iterator
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from tests.support.tcp_proxy import Proxy
from tests.support.waits import until


class Echo(StreamRequestHandler):
    """Says each line again, and remembers it."""

    heard: list[bytes]

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError):
            for line in self.rfile:
                self.heard.append(line)
                self.wfile.write(line)


@pytest.fixture
def echo() -> Iterator[tuple[Proxy, list[bytes]]]:
    heard: list[bytes] = []
    handler = type("Remembering", (Echo,), {"heard": heard})
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        with Proxy(server.server_address) as proxy:  # type: ignore[arg-type]  # of IPv4
            yield proxy, heard
        server.shutdown()
        thread.join()


def dial(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=60)


def say(line: socket.socket, words: bytes, *, seconds: float = 60) -> bytes | None:
    """What came back; None: nothing within `seconds`."""
    line.settimeout(seconds)
    line.sendall(words + b"\n")
    try:
        return line.recv(100)
    except TimeoutError:
        return None


def test_it_passes_and_delays(echo: tuple[Proxy, list[bytes]]) -> None:
    proxy, _ = echo
    with dial(proxy) as line:
        assert say(line, b"one") == b"one\n"
        proxy.misbehave("delay", seconds=1)
        assert say(line, b"two", seconds=0.2) is None
        proxy.behave()
        line.settimeout(60)
        assert line.recv(100) == b"two\n"


def test_who_was_connected_while_it_swallowed_is_never_heard_again(
    echo: tuple[Proxy, list[bytes]],
) -> None:
    proxy, heard = echo
    with dial(proxy) as before:
        assert say(before, b"one") == b"one\n"
        proxy.misbehave("swallow")
        with dial(proxy) as during:
            until(lambda: proxy.carried == 2)
            assert say(before, b"two", seconds=0.1) is None
            assert say(during, b"three", seconds=0.1) is None
            proxy.behave()
            assert say(during, b"four", seconds=0.1) is None
        assert say(before, b"five", seconds=0.1) is None
    with dial(proxy) as after:
        assert say(after, b"six") == b"six\n"
    assert heard == [b"one\n", b"six\n"]


def test_a_swallowed_reply_was_an_answer_to_something_done(
    echo: tuple[Proxy, list[bytes]],
) -> None:
    proxy, heard = echo
    proxy.misbehave("swallow_replies")
    with dial(proxy) as line:
        assert say(line, b"one", seconds=0.2) is None
        until(lambda: heard == [b"one\n"])


def test_a_cut_is_a_reset_for_old_and_new(echo: tuple[Proxy, list[bytes]]) -> None:
    proxy, _ = echo
    with dial(proxy) as before:
        assert say(before, b"one") == b"one\n"
        proxy.misbehave("cut")
        with pytest.raises(ConnectionError):
            say(before, b"two")
    # The reset may come while it still connects.
    with pytest.raises(ConnectionError), dial(proxy) as after:
        say(after, b"three")


def test_replies_are_cut_after_the_deed_loudly_or_as_if_it_were_the_end(
    echo: tuple[Proxy, list[bytes]],
) -> None:
    proxy, heard = echo
    proxy.misbehave("cut_replies")
    with dial(proxy) as line, pytest.raises(ConnectionError):
        say(line, b"one")
    proxy.misbehave("half_close")
    with dial(proxy) as line:
        assert say(line, b"two") == b""
    assert heard == [b"one\n", b"two\n"]
