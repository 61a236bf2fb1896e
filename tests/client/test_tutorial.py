"""The tutorial's blocks run in an empty folder, with the typed client and nothing else on the
path.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.docs.client import PACKAGE, ROOT
from tests.support.http_client import Desk

PAGE = (ROOT / "docs" / "tutorial" / "with-the-client.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def run(folder: Path, program: str, **environ: str) -> str:
    done = subprocess.run(
        [sys.executable, "-S", "-c", program],
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_blocks_book_refuse_list_and_cancel(desk: Desk, origin: str, tmp_path: Path) -> None:
    # Given an empty folder with the client in it, and a Python that finds nothing of ours
    shutil.copytree(PACKAGE, tmp_path / "coachcal_client")
    assert len(BLOCKS) == 5
    missing = "import importlib.util as u; print(u.find_spec('requests'), u.find_spec('webhooks'))"
    assert run(tmp_path, missing) == "None None\n"
    # When its blocks are run one after the other
    said = run(tmp_path, "".join(BLOCKS), ORIGIN=origin, KEY=desk.key())
    # Then they say what the page is about
    assert said.startswith("Ada Lovelace is ")
    for line in ("booked booked", "refused slot_not_open", "listed True", "now cancelled"):
        assert f"\n{line}\n" in said
