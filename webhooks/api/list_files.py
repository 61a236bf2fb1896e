"""Lists as streams: NDJSON, an item a line; and CSV, a column for each of an item's fields, safe to
open in a spreadsheet. However long a list is, some hundred of its items are kept at a time.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin

import orjson
from pydantic import BaseModel

from storage.reports.lists import Key, Page
from webhooks.api.sheet_marks import harmless

SMALL, LARGE = 1_000, 100
"""Items of one look at the database: where each is one person's, and where each may hold a whole
pod's 200 seats.
"""
CSV, NDJSON = "text/csv", "application/x-ndjson"
WHOLE = (NDJSON, CSV)
Fields = dict[str, Any]
Path = tuple[str, ...]
NextPage = Callable[[Key | None], Page[Fields]]


def ndjson(pages: Iterator[list[Fields]]) -> Iterator[bytes]:
    for items in pages:
        lines = bytearray()
        for item in items:
            # Not joined at the end: orjson hands out its whole write buffer, several times what
            # it wrote, and a thousand of those would live at once.
            lines += orjson.dumps(item, option=orjson.OPT_APPEND_NEWLINE)
        yield bytes(lines)


def table(pages: Iterator[list[Fields]], model: type[BaseModel]) -> Iterator[bytes]:
    """Nested fields as `participant.name`; a list in its cell as JSON."""
    paths = list(_paths(model))
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([".".join(path) for path in paths])
    # With its mark: without, Excel takes UTF-8 for something older.
    yield out.getvalue().encode("utf-8-sig")
    for items in pages:
        out.seek(0)
        out.truncate()
        for item in items:
            writer.writerow([_cell(item, path) for path in paths])
        yield out.getvalue().encode()


def pages_of(read: NextPage) -> Iterator[list[Fields]]:
    """All items, some hundred at a time; each look is a short one of its own, so that a slow reader
    holds nothing of the database.
    """
    after: Key | None = None
    while True:
        found = read(after)
        yield found.items
        after = found.after
        if after is None:
            return


def _paths(model: type[BaseModel], before: Path = ()) -> Iterator[Path]:
    for name, field in model.model_fields.items():
        path = (*before, field.serialization_alias or field.alias or name)
        nested = _model_in(field.annotation)
        if nested is None:
            yield path
        else:
            yield from _paths(nested, path)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """That of a field that holds one, or none."""
    choices = (annotation,)
    if get_origin(annotation) in (UnionType, Union):
        choices = get_args(annotation)
    for each in choices:
        if isinstance(each, type) and issubclass(each, BaseModel) and each.model_fields:
            return each
    return None


def _cell(item: Mapping[str, Any], path: Path) -> str | int | float:
    value: Any = item
    for name in path:
        if value is None:
            return ""
        value = value.get(name)
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return value
        case str():
            return harmless(value)
    return harmless(orjson.dumps(value).decode())
