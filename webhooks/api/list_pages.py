"""One way in which all lists answer: a page as JSON, with the cursor of the next; or, to whoever
accepts NDJSON or CSV, all of it as a stream.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
from flask import Response, request
from pydantic import BaseModel

from domain.event_versions import NEWEST, Version
from storage.reports.lists import Key, Page
from storage.schema.database import Database, Tx
from webhooks.api.list_files import CSV, NDJSON, SMALL, ndjson, pages_of, table
from webhooks.api.schemas.lists import ListQuery
from webhooks.front.streams import MARK
from webhooks.http import cursors
from webhooks.http.auth import asking
from webhooks.http.context import parts, runtime
from webhooks.http.problems import RETRY_AFTER, RefusedRequest
from webhooks.http.requests import JSON
from webhooks.http.versions import require, said
from workers.services import Services

PAGING = {"limit", "cursor"}
Fields = dict[str, Any]
Told = Callable[[int], None]
Reader = Callable[[Tx, Key | None, int], Page[Fields]]
"""Of a list under its filters: where to begin, and how many at most."""


@dataclass(frozen=True, slots=True)
class ItemList:
    """`reader`: checks the filters, which raises Refused and Invalid, and answers what reads by
    them. `kinds`: of what the parts of a key are. `item`: the model of one. `at_once`: how many
    a stream looks at, and keeps, at a time.
    """

    name: str
    item: type[BaseModel]
    reader: Callable[[Services, Any], Reader]
    kinds: Callable[[Any], tuple[type, ...]]
    at_once: int = SMALL


def kind_asked() -> str:
    """As what whoever asks accepts the list: a page as JSON, or all of it as a stream."""
    return request.accept_mimetypes.best_match([JSON, NDJSON, CSV], JSON)


def answer(chosen: ItemList, query: ListQuery) -> Response:
    """Raises Refused and Invalid."""
    kind = kind_asked()
    if kind == JSON:
        response = _page(chosen, query)
    else:
        response = _stream(chosen, query, kind)
    response.headers["Vary"] = "Accept"
    return response


def _page(chosen: ItemList, query: ListQuery) -> Response:
    """Items as `name`, and `next_cursor`."""
    services = runtime().services
    asked = query.model_dump(exclude=PAGING, exclude_none=True)
    after = cursors.read(chosen.name, asked, query.cursor, chosen.kinds(query))
    read = chosen.reader(services, query)
    with services.database.read() as tx:
        found = read(tx, after, query.limit)
    cursor = None
    if found.after is not None:
        cursor = cursors.written(chosen.name, asked, found.after)
    return Response(orjson.dumps({chosen.name: found.items, "next_cursor": cursor}), mimetype=JSON)


def _stream(chosen: ItemList, query: ListQuery, kind: str) -> Response:
    for name in sorted(PAGING & query.model_fields_set):
        detail = f"A stream holds all that there is: leave {name} out, or accept {JSON}."
        raise RefusedRequest("whole_list", detail, field=name)
    services = runtime().services
    read = chosen.reader(services, query)
    streams, client_id = parts().streams, asking().client_id
    if not streams.take(client_id):
        detail = (
            "As many lists are read as a stream as may be at once, one by each client: ask again"
            " when one is over."
        )
        raise RefusedRequest("busy", detail, headers=RETRY_AFTER)
    response = Response(
        written(chosen, kind, services.database, read, version=require()),
        mimetype=kind,
        headers=[MARK],
    )
    response.call_on_close(partial(streams.leave, client_id))
    return response


def written(
    chosen: ItemList,
    kind: str,
    database: Database,
    read: Reader,
    told: Told = lambda _: None,
    *,
    version: Version = NEWEST,
) -> Iterator[bytes]:
    """All of a list as NDJSON or CSV, in pieces. `told`: how many items there are so far."""
    count = 0

    def look(after: Key | None) -> Page[Fields]:
        nonlocal count
        with database.read() as tx:
            found = read(tx, after, chosen.at_once)
        count += len(found.items)
        told(count)
        return Page(said(found.items, version), found.after)

    if kind == CSV:
        return table(pages_of(look), chosen.item)
    return ndjson(pages_of(look))
