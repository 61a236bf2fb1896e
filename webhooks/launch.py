"""Starting another Python from any folder: it finds our packages, and never the caller's.

And loading what it and its children need, once.

`python -m` puts the current folder first on the path. A folder with a `workers/` of its own, or a
`queue.py`, would then be imported in the place of ours or of Python's.
"""

import gc
import os
import sys
import sysconfig
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import webhooks

HOME = Path(webhooks.__file__).resolve().parents[1]
"""Where our packages are: site-packages, or a checkout."""


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a module, without the current folder on its path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(**variables: str) -> dict[str, str]:
    """Ours with these, and a path on which our packages are. A variable that is set wins."""
    return reachable({**variables, **os.environ})  # noqa: TID251 (handed on, not read)


def reachable(environment: Mapping[str, str]) -> dict[str, str]:
    """This environment, and our packages on its path."""
    # site-packages is found anyway; in front of the standard library it could hide parts of it.
    if Path(sysconfig.get_path("purelib")).resolve() == HOME:
        return dict(environment)
    before = environment.get("PYTHONPATH", "").split(os.pathsep)
    others = [folder for folder in before if folder not in ("", str(HOME))]
    path = [str(HOME), *others]
    return {**environment, "PYTHONPATH": os.pathsep.join(path)}


def load(*modules: str) -> None:
    """Import what a server and the processes that it forks need: once, and in memory they share.

    Each of them importing it alone doubled a start.
    """
    # What is imported stays: looking for rubbish in it is a tenth of a start, and writes to each
    # page that the forks would share.
    gc.disable()
    for module in modules:
        import_module(module)
    gc.freeze()
    gc.enable()
