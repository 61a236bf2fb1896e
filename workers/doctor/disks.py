"""Is there room? A full disk refuses every booking; a full temporary folder, every start."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from workers.doctor.finding import Finding
from workers.services import Services

DATABASE_ROOM = 500_000_000
TEMPORARY_ROOM = 50_000_000
MEGABYTE = 1_000_000


def look(services: Services) -> Iterator[Finding]:
    """PostgreSQL's disk is its own machine's: nothing here can see it."""
    file = services.database.engine.url.database
    if services.database.engine.dialect.name == "sqlite" and file and file != ":memory:":
        yield _room(
            "disk of the database", Path(file).absolute().parent, DATABASE_ROOM, "DATABASE_URL"
        )
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError:
        yield Finding(
            "temporary folder", "none can be written", "make room, or set TMPDIR to another"
        )
    else:
        yield _room("temporary folder", Path(temporary), TEMPORARY_ROOM, "TMPDIR")


def _room(check: str, folder: Path, wanted: int, setting: str) -> Finding:
    # SQLite writes its log beside the file, so the folder itself has to be ours to write.
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            check, f"{folder} cannot be written", f"let us write there, or correct {setting}"
        )
    free = shutil.disk_usage(folder).free
    found = Finding(check, f"{free / MEGABYTE:,.0f} MB free in {folder}")
    if free >= wanted:
        return found
    return replace(found, next_step=f"make room, or name a folder in {setting} that has some")
