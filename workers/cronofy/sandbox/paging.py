"""Long answers in pages:
cut when the first page is asked for, so that later edits neither shift nor tear them.
"""

from typing import Any

from workers.cronofy.sandbox import identifiers
from workers.cronofy.sandbox.errors import ProtocolError
from workers.cronofy.sandbox.world import SandboxPage, World

# Pages in memory; the oldest go first. How long one lives at Cronofy is not documented.
KEPT = 20_000


def first(world: World, sub: str, kind: str, items: list[dict[str, Any]]) -> dict[str, Any]:
    """Cut `items` into pages and show the first."""
    size = world.page_size
    # An empty answer is one page all the same.
    total = max(1, -(-len(items) // size))
    next_id = None
    # From the last to the first: each has to know the one after it.
    for number in range(total, 0, -1):
        page_id = identifiers.page(kind)
        cut = items[(number - 1) * size : number * size]
        world.pages[page_id] = SandboxPage(sub, kind, cut, number, total, next_id)
        next_id = page_id
    shown = _show(world, world.pages[page_id])
    while len(world.pages) > KEPT:
        world.pages.popitem(last=False)
    return shown


def following(world: World, sub: str, kind: str, page_id: str) -> dict[str, Any]:
    """A further page. Raises ProtocolError 404, also for a page of somebody else."""
    page = world.pages.get(page_id)
    if page is None or (page.sub, page.kind) != (sub, kind):
        raise ProtocolError(404)
    return _show(world, page)


def _show(world: World, page: SandboxPage) -> dict[str, Any]:
    pages: dict[str, Any] = {"current": page.current, "total": page.total}
    # On the last page it must be absent: an empty string breaks three official clients.
    if page.next_id:
        pages["next_page"] = f"{world.origin}/v1/{page.kind}/pages/{page.next_id}"
    return {"pages": pages, page.kind: page.items}
