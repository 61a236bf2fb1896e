"""Dying at a named line: run a module that kills itself, with -9, before or after one of its functions runs.

Its whole process group goes, so that no parent of a worker is left to tidy up; the group is its own.

python -m tests.failpoints workers.outbox:_record:before -- dramatiq workers.bootstrap:start --processes=1
"""

import os
import runpy
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal


def arm(module: str, path: str, when: Literal["before", "after"]) -> None:
    """Put a death around the function `path` (`name`, or `Class.name`) of the module."""
    *owners, name = path.split(".")
    owner: Any = import_module(module)
    for each in owners:
        owner = getattr(owner, each)
    setattr(owner, name, _deadly(getattr(owner, name), when))


def _deadly(function: Callable[..., Any], when: str) -> Callable[..., Any]:
    def deadly(*arguments: Any, **options: Any) -> Any:
        if when == "after":
            function(*arguments, **options)
        os.killpg(0, signal.SIGKILL)

    return deadly


def main(point: str, separator: str, module: str, *arguments: str) -> None:
    function_in, path, when = point.split(":")
    assert separator == "--"
    assert when in ("before", "after")
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    arm(function_in, path, when)  # type: ignore[arg-type]  # it is one of the two
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
