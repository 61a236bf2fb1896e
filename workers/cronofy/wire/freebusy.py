"""Cronofy's free/busy pages -> one Reading. Fast: this is the price of every refresh.

Quirks: items come per event, unmerged, unsorted, repeated across calendars; `free` and `deleted`
ones may appear unasked; times are stamps, dates for all-day, or {time, tzid}; the last page has no
`next_page`. An item that cannot be read condemns the whole read: left out, it would offer a time
that is taken.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import chain, count
from typing import Any

import numpy as np

from domain.freebusy import BUSY, FREE, TENTATIVE, UNKNOWN, Reading
from workers.cronofy.errors import BadAnswer
from workers.cronofy.wire import stamps
from workers.cronofy.wire.fields import document, is_identifier, text, whole

Item = dict[str, Any]

# What the Reading's calendar column can tell apart.
MAX_CALENDARS = 2**16


class _Statuses(dict[str | None, int]):
    """Their words for a status. One that we do not know, or that is missing, blocks."""

    def __missing__(self, key: str | None) -> int:
        return UNKNOWN


_STATUSES = _Statuses({"busy": BUSY, "tentative": TENTATIVE, "unknown": UNKNOWN, "free": FREE})


@dataclass(frozen=True, slots=True)
class FreeBusyPage:
    """One page as it came: `current` of `total`, its items unread, and where the next one is."""

    current: int
    total: int
    next_page: str | None = field(repr=False)
    items: list[Item] = field(repr=False)
    size: int
    """Bytes of JSON."""


def read_page(raw: bytes, kind: str = "free_busy") -> FreeBusyPage:
    """A page of this kind of items (their key). Raises BadAnswer when it is none, or says that it
    is neither the last one nor followed by another.
    """
    answer = document(raw, f"a page of {kind}")
    pages, items = answer.get("pages"), answer.get(kind)
    if not isinstance(pages, dict) or not isinstance(items, list):
        # Never "no items, so free all day": an empty answer must not open a calendar.
        raise BadAnswer(
            f"a page of {kind} from Cronofy lacks its pages or its items; read again later"
        )
    current, total = whole(pages, "current"), whole(pages, "total")
    next_page = text(pages, "next_page")
    if not 1 <= current <= total or (current < total) != (next_page is not None):
        raise BadAnswer(
            f"a page of {kind} from Cronofy contradicts itself about what follows; read again later"
        )
    return FreeBusyPage(current, total, next_page, items, len(raw))


def read_free_busy(pages: Iterable[FreeBusyPage]) -> Reading:
    """All items of all pages in one Reading, in the order they came, deleted ones left out.

    Raises BadAnswer when any item has no calendar, no time or half a time.
    """
    try:
        return _reading(chain.from_iterable(page.items for page in pages))
    except (TypeError, KeyError, ValueError, AttributeError):
        # Reported below: the exception quotes the item, and a chained one would take it to the log
        pass
    raise BadAnswer(
        "a free/busy item from Cronofy cannot be read; the whole read is dropped, read again later"
    )


def _reading(items: Iterable[Item]) -> Reading:
    places: defaultdict[str, int] = defaultdict(count().__next__)
    calendar, status, times = list[int](), list[int](), list[Any]()
    # The price of a refresh is mostly this loop: one visit to each item, nothing but look-ups.
    for item in items:
        if "deleted" in item and item["deleted"]:  # noqa: RUF019 (half the price of `get` where it is missing)
            # Left out only where that is sure: "false" is no empty text.
            if item["deleted"] is not True:
                raise ValueError("neither deleted nor not")
            continue
        calendar.append(places[item["calendar_id"]])
        status.append(_STATUSES[item.get("free_busy_status")])
        times.append(item["start"])
        times.append(item["end"])
    if len(places) > MAX_CALENDARS or not all(map(is_identifier, places)):
        raise ValueError("a calendar id is missing, or there are too many")
    seconds, is_date = _parsed(times)
    if (is_date[0::2] != is_date[1::2]).any():
        raise ValueError("an item from a date to a time")
    # Copies: a slice would keep the whole column of both alive as long as the Reading.
    return Reading(
        calendars=tuple(places),
        start=seconds[0::2].copy(),
        end=seconds[1::2].copy(),
        status=np.frombuffer(bytes(status), np.uint8),
        all_day=is_date[0::2].copy(),
        calendar=np.array(calendar, np.uint16),
    )


def _parsed(times: list[Any]) -> stamps.Parsed:
    try:
        return stamps.parse(times)
    except TypeError:
        pass
    # {time, tzid}: the localized form, which we do not ask for. Tried last: to look at the type of
    # each would be a price that every refresh pays.
    return stamps.parse([_without_zone(each) for each in times])


def _without_zone(moment: Any) -> Any:
    if isinstance(moment, dict):
        return moment["time"]
    return moment
