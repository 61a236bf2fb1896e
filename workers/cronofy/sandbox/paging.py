"""Long answers in pages: cut when the first page is asked for, so that later edits neither shift
nor tear them.
"""

from typing import Any

from workers.cronofy.sandbox import identifiers
from workers.cronofy.sandbox.errors import ProtocolError
from workers.cronofy.sandbox.world import SandboxPage, World

KEPT = 20_000  # pages in memory; the oldest go first


def first(world: World, sub: str, kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Cut `items` into pages and show the first."""
    starts = range(0, max(1, len(items)), world.page_size)
    ids = [identifiers.page(kind) for _ in starts]
    for number, (page_id, start) in enumerate(zip(ids, starts, strict=True), start=1):
        next_id = ids[number] if number < len(ids) else None
        cut = items[start : start + world.page_size]
        world.pages[page_id] = SandboxPage(sub, kind, cut, number, len(ids), next_id)
    while len(world.pages) > KEPT:
        world.pages.popitem(last=False)
    return _show(world, world.pages[ids[0]])


def following(world: World, sub: str, kind: str, page_id: str) -> dict[str, Any]:
    """A further page. Raises ProtocolError 404, also for a page of somebody else."""
    page = world.pages.get(page_id)
    if page is None or (page.sub, page.kind) != (sub, kind):
        raise ProtocolError(404)
    return _show(world, page)


def _show(world: World, page: SandboxPage) -> dict[str, Any]:
    pages: dict[str, Any] = {"current": page.current, "total": page.total}
    if (
        page.next_id
    ):  # on the last page it must be absent: an empty string breaks three official clients
        pages["next_page"] = f"{world.origin}/v1/{page.kind}/pages/{page.next_id}"
    return {"pages": pages, page.kind: page.items}
