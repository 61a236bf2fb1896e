"""What a route is: how it is asked, who may, and how it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """`scopes`: any one of them opens it; none: anybody. `refuses`: statuses beside those that
    follow from the rest.
    """

    method: str
    path: str
    view: View
    scopes: tuple[str, ...] = ()
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    answer: type[BaseModel] | None = None
    answers: tuple[int, ...] = (200,)
    refuses: tuple[int, ...] = ()
    once: bool = False
    """Whether it takes an Idempotency-Key, and answers with what `webhooks.http.idempotent.once`
    wrote.
    """
    files: tuple[str, ...] = ()
    """Media types of a body that is no JSON: the view reads it."""
    media: str = "text/plain"
    """Media type of an answer that has no model."""
    also: tuple[str, ...] = ()
    """Media types by which a list is answered whole, to whoever accepts them."""
    documented: bool = True
    """Whether OpenAPI tells it: pages are for people."""

    @property
    def group(self) -> str:
        """What the OpenAPI document calls the noun."""
        module = self.view.__module__.rpartition(".")[2]
        return PUBLISHED.get(module, module)

    @property
    def name(self) -> str:
        return f"{self.group}_{self.view.__name__}"


# Clients are generated from the document's names: a module that is renamed keeps its own there.
PUBLISHED = {
    "coach_batches": "coaches",
    "coach_states": "tiles",
    "mail_texts": "mailers",
    "pod_exports": "exports",
    "pod_imports": "imports",
    "pod_shells": "shells",
    "withheld_addresses": "withheld",
}
BOOKS = ("bookings:write",)
