"""Runs in a document: a line for each that was reported, and for each kind of database the table of
the last one.
"""

import re
from pathlib import Path

BEGIN, END = "<!-- chaos report: begin -->", "<!-- chaos report: end -->"
HEAD = (
    (
        "| When | Database | Seed | Seconds | Requests | Faults | Slowest recovery s | Promises"
        " broken |"
    ),
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
)
RUN = re.compile(r"^\| \d{4}-.*\|$", re.MULTILINE)
TABLE = "#### The last run on "


def add(path: Path, run: tuple[str, ...], database: str, text: str) -> None:
    """Put a run between the markers of the document: its line, in the order of HEAD,
    and its table.
    """
    head, _, rest = path.read_text().partition(BEGIN)
    old, _, tail = rest.partition(END)
    lines = [*RUN.findall(old), f"| {' | '.join(run)} |"]
    tables = dict(_tables(old))
    tables[database] = text.strip()
    shown = [f"{TABLE}{name}\n\n{tables[name]}" for name in sorted(tables)]
    section = "\n\n".join(["\n".join((*HEAD, *lines)), *shown])
    path.write_text(f"{head}{BEGIN}\n\n{section}\n\n{END}{tail}")


def _tables(old: str) -> list[tuple[str, str]]:
    """The name of each database with what was written about its last run."""
    found = []
    for each in old.split(TABLE)[1:]:
        name, _, text = each.partition("\n")
        found.append((name, text.strip()))
    return found
