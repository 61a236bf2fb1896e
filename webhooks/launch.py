"""Starting another Python from any folder: it finds our packages, and never the caller's.

`python -m` puts the current folder first on the path. A folder with a `workers/` of its own, or a
`queue.py`, would then be imported in the place of ours or of Python's.
"""

import os
import sys
import sysconfig
from pathlib import Path

import webhooks

HOME = Path(webhooks.__file__).resolve().parents[1]
"""Where our packages are: site-packages, or a checkout."""


def command(module: str, *arguments: str) -> list[str]:
    """The command line of a module, without the current folder on its path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def environment(**variables: str) -> dict[str, str]:
    """Ours with these, and a path on which our packages are. A variable that is set wins."""
    inherited = {**variables, **os.environ}  # noqa: TID251 (handed on, not read)
    # site-packages is found anyway; in front of the standard library it could hide parts of it.
    if Path(sysconfig.get_path("purelib")).resolve() != HOME:
        before = inherited.get("PYTHONPATH", "")
        inherited["PYTHONPATH"] = os.pathsep.join(filter(None, (str(HOME), before)))
    return inherited
