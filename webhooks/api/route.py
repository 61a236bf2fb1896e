"""What a route is: how it is asked, who may, and how it answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel

from webhooks.http import versions

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
    alone: bool = False
    """Whether nothing can be read at the path to which this writes."""
    media: str = "text/plain"
    """Media type of an answer that has no model."""
    also: tuple[str, ...] = ()
    """Media types by which a list is answered whole, to whoever accepts them."""
    location: str = ""
    """Where what is made is from now on, by the fields of the answer: /v1/bookings/{id}."""
    past_states: bool = False
    """Whether it tells what was, in dictionaries that have no model."""
    documented: bool = True
    """Whether OpenAPI tells it: pages are for people."""

    @property
    def versioned(self) -> bool:
        """Whether what is answered has a version, which its ETag names. (Slots tag themselves.)"""
        if self.answer is None or not _has_version(self.answer):
            return False
        reads_or_sets = self.method in ("GET", "PUT", "PATCH") and not self.alone
        return 304 not in self.answers and (reads_or_sets or bool(self.location))

    @property
    def dated(self) -> bool:
        """Whether its answer is another in the form of another date (`webhooks.http.versions`)."""
        return self.past_states or _says(self.answer, versions.SINCE)

    @property
    def conditional(self) -> bool:
        """Whether it answers 304 to whoever has it."""
        return self.method == "GET" and (self.versioned or 304 in self.answers)

    @property
    def changes_a_version(self) -> bool:
        """Whether it is told from which version the change was made."""
        return self.body is not None and _has_version(self.body)

    @property
    def takes_values(self) -> bool:
        """Whether anything in a request might break a rule."""
        return bool(self.body or self.query or self.files) or "<" in self.path

    @property
    def limited(self) -> bool:
        """Whether its requests are counted, by a key or an address."""
        return self.view.__module__ not in UNCOUNTED

    @property
    def group(self) -> str:
        """What the OpenAPI document calls the noun."""
        module = self.view.__module__.rpartition(".")[2]
        return PUBLISHED.get(module, module)

    @property
    def name(self) -> str:
        return f"{self.group}_{self.view.__name__}"


def _says(annotation: Any, word: str) -> bool:
    """Whether a model has a field, at any depth, that may be this word."""
    if annotation == word:
        return True
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_says(each.annotation, word) for each in annotation.model_fields.values())
    return any(_says(each, word) for each in get_args(annotation))


def _has_version(model: type[BaseModel]) -> bool:
    """A number: the version of a form, of the feed's say, is a date."""
    field = model.model_fields.get("version")
    return field is not None and int in (field.annotation, *get_args(field.annotation))


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
UNCOUNTED = ("webhooks.api.health", "webhooks.api.notifications", "webhooks.api.conferencing")
"""Signed pushes, and what watches the service."""
BOOKS = ("bookings:write",)
