"""One-line changes of the product that turn a test red, as pages of the manual list them: in tables
whose rows name a file, its line, what stands there instead, and the test.
"""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.docs.named_tests import ROOT

CODE = ("domain", "storage", "workers", "webhooks", "tests", "deploy", "docs")
FILES = ("pyproject.toml", "CHANGELOG.md", "README.md")
ROW = re.compile(
    r"^\| ([^|]+) \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \|$", re.MULTILINE
)
FAILED = 1
"""How pytest ends when a test is red; it ends otherwise when there is none, or nothing runs."""


@dataclass(frozen=True)
class OneLineChange:
    """`rule`: what it breaks. `line`, `instead`: without what they are indented by."""

    rule: str
    path: str
    line: str
    instead: str
    test: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.path}"

    def times_there(self, folder: Path = ROOT) -> int:
        lines = (folder / self.path).read_text().splitlines()
        return [each.strip() for each in lines].count(self.line)

    def turns_it_red(self, folder: Path) -> bool:
        """Whether the test fails in this copy of the product with the change made. It is undone."""
        file = folder / self.path
        before = file.read_text()
        made = [self._made(each) for each in before.split("\n")]
        file.write_text("\n".join(made))
        command = [sys.executable, "-m", "pytest", self.test, "-q", "-x", "-p", "no:cacheprovider"]
        try:
            ran = subprocess.run(command, cwd=folder, capture_output=True, timeout=600)
        finally:
            file.write_text(before)
        return ran.returncode == FAILED

    def _made(self, line: str) -> str:
        if line.strip() != self.line:
            return line
        indent = line[: len(line) - len(line.lstrip())]
        return indent + self.instead


def listed(page: Path) -> list[OneLineChange]:
    return [OneLineChange(*found) for found in ROW.findall(page.read_text())]


def copy_of_the_product(folder: Path) -> Path:
    """In this folder, which is empty."""
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    return folder
