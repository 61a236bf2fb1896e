"""For whoever waits for the suite: each half minute, how far it is, and how long it takes."""

import time

import pytest
from _pytest.terminal import TerminalReporter

EVERY = 30.0
"""Seconds between two lines; nothing that ends sooner has any."""


class Progress:
    """Registered where the results come together: not in the processes of pytest-xdist."""

    def __init__(self, session: pytest.Session, reporter: TerminalReporter) -> None:
        self._session = session
        self._reporter = reporter
        self._began = self._last = 0.0
        self._done = 0

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when != "teardown":
            return
        now = time.monotonic()
        if self._done == 0:  # until now modules were imported, which says nothing of the tests
            self._began = self._last = now
        self._done += 1
        if now < self._last + EVERY:
            return
        self._last = now
        place = report.nodeid.partition("::")[0]
        said = line(self._done, self._session.testscollected, now - self._began, place)
        self._reporter.ensure_newline()
        self._reporter.write_line(said)


def line(done: int, total: int, seconds: float, place: str) -> str:
    """`seconds` since the first of them. What is left is reckoned as if each took as long."""
    took, left = _time(seconds), _time(seconds * max(0, total - done) / done)
    return f"-- {done} of {total} tests after {took}, at {place}; left: some {left}"


def _time(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
