"""Dying, or freezing, at a named line: run a module that kills itself, with -9, before or after one
of its functions runs, or that stops after the first time, with all its threads, until it is sent
SIGCONT.

Its whole process group goes, so that no parent of a worker is left to tidy up; the group is its
own.

python -m tests.support.failpoints workers.delivery.outbox:_record:before -- dramatiq
workers.bootstrap:start --processes=1
"""

import os
import runpy
import signal
import sys
import time
from collections.abc import Callable
from importlib import import_module
from itertools import count
from typing import Any, Literal

STOPS_WITHIN = 1.0
"""Seconds. Usually some microseconds, and milliseconds on a busy machine."""


def arm(module: str, path: str, when: Literal["before", "after", "frozen"], nth: int = 1) -> None:
    """Put a death, or a freeze, around the function `path` (`name`, or `Class.name`) of
    the module. `nth`: at which of its calls the death comes.
    """
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    function = getattr(owner, name)
    armed = _freezing(function) if when == "frozen" else _deadly(function, when, nth)
    setattr(owner, name, armed)
    # In a fork whoever imports the function has done so.
    for importer in tuple(sys.modules.values()):
        for known_as, value in tuple(getattr(importer, "__dict__", {}).items()):
            if value is function:
                setattr(importer, known_as, armed)


def _deadly(function: Callable[..., Any], when: str, nth: int) -> Callable[..., Any]:
    times = count(1)

    def deadly(*arguments: Any, **options: Any) -> Any:
        is_last = next(times) == nth
        if is_last and when == "before":
            os.killpg(0, signal.SIGKILL)
        result = function(*arguments, **options)
        if is_last:
            os.killpg(0, signal.SIGKILL)
        return result

    return deadly


def _freezing(function: Callable[..., Any]) -> Callable[..., Any]:
    times = count()

    def freezing(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        if next(times) == 0:
            os.killpg(0, signal.SIGSTOP)
            # The race: any of our threads may take the signal, and until it stops us all this one
            # goes on, into a transaction that keeps everybody out of SQLite for as long as we are
            # stopped.
            time.sleep(STOPS_WITHIN)
        return result

    return freezing


def main(point: str, separator: str, module: str, *arguments: str) -> None:
    function_in, path, when, *nth = point.split(":")
    assert separator == "--"
    assert when in ("before", "after", "frozen")
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    arm(function_in, path, when, *map(int, nth))  # type: ignore[arg-type]  # it is one of the three
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
