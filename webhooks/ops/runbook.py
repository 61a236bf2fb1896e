"""The runbook's paragraphs, as the ops pages show them beside what they are about."""

import re
from functools import cache
from pathlib import Path

FILE = Path(__file__).parents[2] / "docs" / "ops" / "runbook.md"
PARAGRAPH = re.compile(r"^## (\w+)\n\n((?:.+\n)+)", re.MULTILINE)


def paragraph(alert: str) -> str:
    """What to do, as one text; empty where the program was installed without its documents."""
    return _paragraphs().get(alert, "")


@cache
def _paragraphs() -> dict[str, str]:
    if not FILE.is_file():
        return {}
    paragraphs = {}
    for name, text in PARAGRAPH.findall(FILE.read_text("utf-8")):
        paragraphs[name] = " ".join(text.split())
    return paragraphs
