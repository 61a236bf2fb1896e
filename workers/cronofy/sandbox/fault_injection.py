"""Puts ordered faults into effect on a call of the imitated API:
before it is answered, and on its way out.
"""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response, g, request

from workers.cronofy.sandbox.faults import Fault
from workers.cronofy.sandbox.http11 import ORDERS
from workers.cronofy.sandbox.responses import JSON, current_world, empty, json_bytes

TRICKLE_PIECES = 40


def before() -> Response | None:
    """Delay, refuse, or note what shall happen to the answer.
    Runs without the world's lock: others go on.
    """
    if not imitated(request.path):
        return None
    struck = {fault.kind: fault for fault in current_world().faults.take(request.path)}
    g.faults = struck
    # Before the world is locked: a slow call must not keep the others waiting.
    if "delay" in struck:
        time.sleep(struck["delay"].seconds)
    if "vanish_calendar" in struck:
        g.vanished = struck["vanish_calendar"].calendar_id
    if "status" in struck and "late" not in struck:
        return _refusal(struck["status"])
    if "swallow" in struck:
        return empty(202)
    return None


def after(response: Response) -> Response:
    """Spoil the answer where that was ordered."""
    struck: dict[str, Fault] = g.get("faults", {})
    # A refusal of a write that is carried out later all the same: nothing in it tells a client so.
    if "late" in struck and "status" in struck:
        response = _refusal(struck["status"])
    if "foreign_next_page" in struck:
        response.set_data(_with_foreign_page(response.get_data(), struck["foreign_next_page"].host))
    if "malformed" in struck:
        response.set_data(response.get_data()[: len(response.get_data()) // 2])
    if "trickle" in struck:
        _send_slowly(response, struck["trickle"].seconds)
    if "half" in struck:
        _send_half(response)
    if "hang_up" in struck:
        request.environ[ORDERS].add("hang up")
    return response


def imitated(path: str) -> bool:
    """Whether the path is Cronofy's, not ours."""
    return path.startswith(("/v1/", "/oauth/"))


def carry_out(write: Callable[[], None]) -> None:
    """Do a write: now, later or twice, as was ordered."""
    struck: dict[str, Fault] = g.get("faults", {})
    if "late" not in struck:
        write()
    for kind in ("late", "twice"):
        if kind in struck:
            current_world().postpone(struck[kind].seconds, write)


def vanished() -> str | None:
    """The calendar that is not there for this one call."""
    calendar_id: str | None = g.get("vanished")
    return calendar_id


def _refusal(fault: Fault) -> Response:
    response = empty(fault.status)
    if fault.body is not None:
        response = Response(json_bytes(fault.body), status=fault.status, content_type=JSON)
    if fault.retry_after is not None:
        response.headers["Retry-After"] = str(fault.retry_after)
    return response


def _with_foreign_page(data: bytes, host: str) -> bytes:
    answer: dict[str, Any] = json.loads(data)
    pages = answer.get("pages", {"current": 1, "total": 1})
    # The Python client asks `total`, others ask `next_page`: both say that there is more.
    pages["total"] = max(pages["total"], pages["current"] + 1)
    pages["next_page"] = f"{host}/v1/free_busy/pages/000000000000000000000000"
    return json_bytes(answer | {"pages": pages})


def _send_slowly(response: Response, seconds: float) -> None:
    data = response.get_data()
    size = max(1, len(data) // TRICKLE_PIECES)

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(data), size):
            time.sleep(seconds / TRICKLE_PIECES)
            yield data[start : start + size]

    # With its length: without one a client could take the end of the connection for the end of the
    # answer.
    response.response = pieces()
    response.headers["Content-Length"] = str(len(data))


def _send_half(response: Response) -> None:
    data = response.get_data()
    response.response = iter((data[: len(data) // 2],))
    response.headers["Content-Length"] = str(len(data))
    request.environ[ORDERS].add("close")
