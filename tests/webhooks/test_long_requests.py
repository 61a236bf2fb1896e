"""Long requests, such as sheets, take turns: they leave threads to those who book."""

import asyncio
import threading

import pytest

from webhooks.front.hall import LONG, Hall
from webhooks.front.wsgi import Answer, Environ

THREADS, SHEETS = 8, 12


def refuse(_kind: str, _environ: Environ) -> Answer:
    return "400 Bad Request", (), b""


class Sheets:
    """How many are being read at once, each until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.lock = threading.Lock()
        self.now = self.most = self.done = 0

    def read(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        assert self.go.wait(60)
        with self.lock:
            self.now -= 1
            self.done += 1


@pytest.mark.parametrize("threads", [1, 4, THREADS])
def test_of_many_sheets_a_quarter_of_the_threads_reads_and_all_are_answered(threads: int) -> None:
    async def serve() -> Sheets:
        sheets = Sheets()
        hall = Hall(lambda *_: (), threads, refuse)
        # Given more sheets at once than there are threads
        for _ in range(SHEETS):
            hall.work(sheets.read, LONG)
        while sheets.now < max(1, threads // 4):
            await asyncio.sleep(0.01)
        # Then whoever sends little is answered meanwhile, where there is another thread
        booked = threading.Event()
        hall.work(booked.set, LONG - 1)
        if threads > 1:
            assert await asyncio.to_thread(booked.wait, 60)
        assert sheets.most == max(1, threads // 4)
        # And when those are read, so are the others
        sheets.go.set()
        while sheets.done < SHEETS:
            await asyncio.sleep(0.01)
        assert await asyncio.to_thread(booked.wait, 60)
        hall.close()
        return sheets

    sheets = asyncio.run(asyncio.wait_for(serve(), 120))
    assert sheets.most == max(1, threads // 4)


def test_what_waits_for_nobody_is_answered_while_every_thread_waits() -> None:
    async def serve() -> None:
        hall = Hall(lambda *_: (), THREADS, refuse, {"/alive"})
        go, alive, other, long = (threading.Event() for _ in range(4))
        # Given requests that wait for a silent database in all threads, and more behind them
        for _ in range(2 * THREADS):
            hall.work(lambda: assert_set(go), 0, "/books")
        # When somebody asks whether the process is alive; and others ask for something
        hall.work(alive.set, 0, "/alive")
        hall.work(other.set, 0, "/alive/")
        hall.work(long.set, LONG, "/alive")
        # Then only that is answered meanwhile, and not at a length that takes its time
        assert await asyncio.to_thread(alive.wait, 60)
        assert not other.is_set()
        assert not long.is_set()
        go.set()
        assert await asyncio.to_thread(other.wait, 60)
        assert await asyncio.to_thread(long.wait, 60)
        hall.close()

    asyncio.run(asyncio.wait_for(serve(), 120))


def assert_set(go: threading.Event) -> None:
    assert go.wait(60)
