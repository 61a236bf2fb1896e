"""Starting another Python from any folder: it finds our packages, and never the caller's.

`python -m` puts the current folder first on the path. A folder with a `workers/` of its own, or a
`queue.py`, would then be imported in the place of ours or of Python's.
"""

import os
import sys
import sysconfig
from collections.abc import Mapping
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
