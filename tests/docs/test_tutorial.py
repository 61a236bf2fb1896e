"""The tutorial, followed word for word by a shell in a fresh folder; only ports and Redis are other
ones, and the processes fewer.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from webhooks.demo import browser
from webhooks.demo.processes import free_port
from workers.cronofy.sandbox.control import Control

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial" / "first-booking.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
FEWER = {"COACHCAL_WEB_PROCESSES": "1", "COACHCAL_WORKER_PROCESSES": "1"}
CONNECT = "coachcal connect ada\n"
SECONDS = 200.0
pytestmark = pytest.mark.timeout(400)


class Reader:
    """Somebody at a shell, who types block after block."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        coachcal = folder / "bin" / "coachcal"
        coachcal.write_text(
            f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -P -m webhooks "$@"\n'
        )
        coachcal.chmod(0o755)
        self.said = folder / "said"
        path = os.pathsep.join(
            (str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
        )
        with self.said.open("wb") as out:
            self.shell = subprocess.Popen(
                ["bash", "-e"],
                cwd=folder,
                env={"PATH": path, **FEWER},
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def types(self, block: str) -> str:
        """What the shell said to this block."""
        before = len(self.said.read_text())
        assert self.shell.stdin is not None
        self.shell.stdin.write(f"{block}echo; echo DONE\n".encode())
        self.shell.stdin.flush()
        end = time.monotonic() + SECONDS
        while not (said := self.said.read_text()[before:]).endswith("\nDONE\n"):
            assert self.shell.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.05)
        return said.removesuffix("\nDONE\n")

    def stop(self) -> None:
        """And whatever it left running: it is a group of its own."""
        if self.shell.poll() is None:
            os.killpg(self.shell.pid, signal.SIGKILL)
        self.shell.communicate()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    found = Reader(tmp_path)
    yield found
    found.stop()


def test_the_tutorial_leads_to_a_booked_session(reader: Reader, redis_url: str) -> None:
    here = {"8000": str(free_port()), "8900": str(free_port())}
    answers = {}
    for block in BLOCKS:
        typed = block.replace("redis://127.0.0.1:6379/0", redis_url)
        for port, other in here.items():
            typed = typed.replace(port, other)
        answers[block] = reader.types(typed)
        if block == CONNECT:
            agree(answers[block].strip(), reader.folder)
    booked = json.loads((reader.folder / "booking.json").read_text())
    assert booked["status"] == "booked"
    assert f"the first open time is {booked['start']}" in "".join(answers.values())
    assert '"status":"cancelled"' in list(answers.values())[-1]


def agree(link: str, folder: Path) -> None:
    """What a person does in the browser."""
    sandbox = json.loads((folder / "sandbox.json").read_text())
    with Control(sandbox["origin"]) as control:
        profile = sandbox["accounts"][0]["profiles"][0]
        browser.connect(link, control, profile=profile)
