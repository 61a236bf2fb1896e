"""What is written before a deadline, and never after it."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from workers.deadlines import Deadline, write_all

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def ends() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.fixture
def long() -> bytes:
    """More than the system keeps for whoever reads slowly."""
    return b"x" * 8_000_000


def seconds(left: float) -> Deadline:
    return Deadline(time.monotonic() + left, time.monotonic)


def test_all_of_it_reaches_whoever_reads_slowly(ends: Pair, long: bytes) -> None:
    ours, theirs = ends
    ours.settimeout(7)
    read = bytearray()

    def reading() -> None:
        while len(read) < len(long):
            read.extend(theirs.recv(1 << 20))

    reader = threading.Thread(target=reading)
    reader.start()
    write_all(ours, long, seconds(60))
    reader.join(60)
    assert bytes(read) == long
    assert ours.gettimeout() == 7


def test_whoever_does_not_read_is_waited_for_until_the_deadline(ends: Pair, long: bytes) -> None:
    ours, _ = ends
    ours.settimeout(7)
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        write_all(ours, long, seconds(0.3))
    assert time.monotonic() - began >= 0.3
    assert ours.gettimeout() == 7


def test_nothing_is_written_after_it(ends: Pair) -> None:
    ours, theirs = ends
    theirs.setblocking(False)
    with pytest.raises(TimeoutError):
        write_all(ours, b"DATA", seconds(0))
    with pytest.raises(BlockingIOError):
        theirs.recv(4)


def test_an_end_that_is_closed_is_told(ends: Pair, long: bytes) -> None:
    ours, theirs = ends
    theirs.close()
    with pytest.raises(ConnectionError):
        write_all(ours, long, seconds(60))
