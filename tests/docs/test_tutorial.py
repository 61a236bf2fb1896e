"""The tutorial, followed word for word by a shell and by a Python in a fresh folder, with the typed
client and nothing else on its path; only ports and Redis are other ones, and the processes fewer.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.client import PACKAGE
from tests.support.ports import free_port
from webhooks.demo import browser
from workers.cronofy.sandbox.control import Control

ROOT = Path(__file__).parents[2]
TUTORIAL = (ROOT / "docs" / "tutorial" / "first-booking.md").read_text()
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```$", TUTORIAL, re.MULTILINE | re.DOTALL)
FEWER = {"COACHCAL_WEB_PROCESSES": "1", "COACHCAL_WORKER_PROCESSES": "1"}
CONNECT = "connect_begin"
ALONE = "import importlib.util as u; print(u.find_spec('requests'), u.find_spec('webhooks'))\n"
# Blocks come as JSON, one a line; what they leave is there for the next one.
TYPED = """
import json, sys
names = {}
for line in sys.stdin:
    exec(json.loads(line), names)
    print("\\nDONE", flush=True)
"""
SECONDS = 200.0
pytestmark = pytest.mark.timeout(400)


class Reader:
    """Somebody at a shell, and at the Python that was begun from it, who types block after
    block.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "bin").mkdir()
        coachcal = folder / "bin" / "coachcal"
        coachcal.write_text(
            f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -P -m webhooks "$@"\n'
        )
        coachcal.chmod(0o755)
        # An empty folder, but for what the page says to copy there.
        self.place = folder / "first"
        shutil.copytree(PACKAGE, self.place / "coachcal_client")
        path = os.pathsep.join(
            (str(folder / "bin"), str(Path(sys.executable).parent), os.environ["PATH"])
        )
        self.env = {"PATH": path, **FEWER}
        self.writers: dict[str, Writer] = {}

    def types(self, language: str, block: str) -> str:
        """What the shell, or Python, said to this block."""
        if language == "sh":
            return self._at("sh", ["bash", "-e"], {}).types(f"{block}echo; echo DONE\n")
        told = self.place / "environ"
        if not told.exists():
            self.types("sh", 'printf "%s\\n%s\\n" "$ORIGIN" "$KEY" > environ\n')
        origin, key = told.read_text().splitlines()
        # Without the packages of this Python: nothing is there but the folder.
        python = [sys.executable, "-S", "-c", TYPED]
        environ = {"ORIGIN": origin, "KEY": key}
        return self._at("python", python, environ).types(json.dumps(block) + "\n")

    def _at(self, name: str, command: list[str], environ: dict[str, str]) -> "Writer":
        if name not in self.writers:
            said = self.folder / f"said-{name}"
            self.writers[name] = Writer(command, self.place, self.env | environ, said)
        return self.writers[name]

    def stop(self) -> None:
        for writer in self.writers.values():
            writer.stop()


class Writer:
    """A process to which something is typed, and what it says."""

    def __init__(self, command: list[str], place: Path, env: dict[str, str], said: Path) -> None:
        self.said = said
        with said.open("wb") as out:
            self.process = subprocess.Popen(
                command,
                cwd=place,
                env=env,
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def types(self, text: str) -> str:
        before = len(self.said.read_text())
        assert self.process.stdin is not None
        self.process.stdin.write(text.encode())
        self.process.stdin.flush()
        end = time.monotonic() + SECONDS
        while not (said := self.said.read_text()[before:]).endswith("\nDONE\n"):
            assert self.process.poll() is None, said
            assert time.monotonic() < end, said
            time.sleep(0.05)
        return said.removesuffix("\nDONE\n")

    def stop(self) -> None:
        """And whatever it left running: it is a group of its own."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.communicate()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    found = Reader(tmp_path)
    yield found
    found.stop()


def test_the_tutorial_leads_to_a_booked_session(reader: Reader, redis_url: str) -> None:
    here = {"8000": str(free_port()), "8900": str(free_port())}
    said = ""
    for language, block in BLOCKS:
        typed = block.replace("redis://127.0.0.1:6379/0", redis_url)
        for port, other in here.items():
            typed = typed.replace(port, other)
        answer = reader.types(language, typed)
        said += f"{answer}\n"
        if CONNECT in block:
            agree(answer.split()[-1], reader.place)
    assert reader.types("python", ALONE) == "None None\n"
    assert "\nAda is unconnected\n" in said
    [start] = re.findall("the first open time is (.*)", said)
    for line in (f"booked booked {start}", "refused slot_not_open", "listed True", "now cancelled"):
        assert f"\n{line}\n" in said
    assert re.search(r"told booking\.booked\n(told .*\n)*told booking\.cancelled\n", said)


def agree(link: str, folder: Path) -> None:
    """What a person does in the browser."""
    sandbox = json.loads((folder / "sandbox.json").read_text())
    with Control(sandbox["origin"]) as control:
        profile = sandbox["accounts"][0]["profiles"][0]
        browser.connect(link, control, profile=profile)
