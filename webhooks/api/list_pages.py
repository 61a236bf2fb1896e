"""One way in which all lists answer: a page as JSON, with the cursor of the next."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Response

from storage.reports.lists import Key, Page
from storage.schema.database import Tx
from webhooks.api.schemas.lists import ListQuery
from webhooks.http import cursors
from webhooks.http.context import runtime
from webhooks.http.requests import JSON
from workers.services import Services

PAGING = {"limit", "cursor"}
Fields = dict[str, Any]
Reader = Callable[[Tx, Key | None, int], Page[Fields]]
"""Of a list under its filters: where to begin, and how many at most."""


@dataclass(frozen=True, slots=True)
class ItemList:
    """`reader`: checks the filters, which raises Refused and Invalid, and answers what reads by
    them. `kinds`: of what the parts of a key are.
    """

    name: str
    reader: Callable[[Services, Any], Reader]
    kinds: Callable[[Any], tuple[type, ...]]


def page(chosen: ItemList, query: ListQuery) -> Response:
    """Items as `name`, and `next_cursor`. Raises Refused and Invalid."""
    services = runtime().services
    asked = query.model_dump(exclude=PAGING, exclude_none=True)
    after = cursors.read(chosen.name, asked, query.cursor, chosen.kinds(query))
    read = chosen.reader(services, query)
    with services.database.read() as tx:
        found = read(tx, after, query.limit)
    cursor = None
    if found.after is not None:
        cursor = cursors.written(chosen.name, asked, found.after)
    answer = orjson.dumps({chosen.name: found.items, "next_cursor": cursor})
    return Response(answer, mimetype=JSON)
