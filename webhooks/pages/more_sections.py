"""What a section of the page "More settings" is: a form of its own, which saves only itself."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from domain.coaches import Coach
from storage.schema.database import Tx
from storage.transactions.coach_settings import CoachChange

Form = MultiDict[str, str]
Values = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SentForm:
    """A form as it was typed. `version`: of the coach, when the page was made."""

    form: Form
    version: int


Sent = SentForm


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page, in a module and a template of its own."""

    name: str
    """Of its address, /settings/more/{name}, and of its template, pages/more_{name}.html."""
    shown: Callable[[Tx, Coach, Form | None], Values]
    """What its template knows as `it`; of the form that was just refused, if one was."""
    save: Callable[[Tx, Sent], CoachChange | None]
    """Stores the form in this transaction, and says what follows; None: nothing does.

    Raises Invalid, StaleVersion: then nothing was written, and the page tells it.
    """
    look_up: Callable[[Form], object] | None = None
    """What takes longer than a transaction may, done before `save`. Raises Invalid."""
    load: Callable[[Coach, Form | None], object] | None = None
    """The same, before `shown`."""
