"""What a model says, taken from an object whose attributes have the same names."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from pydantic import BaseModel


def picker(
    model: type[BaseModel], *, apart: tuple[str, ...] = ()
) -> Callable[[Any], dict[str, Any]]:
    """Makes the fields of such an object, in the model's order. `apart`: without these.

    Made once: a list asks with every row.
    """
    names = tuple(name for name in model.model_fields if name not in apart)
    get = attrgetter(*names)
    return lambda it: dict(zip(names, get(it), strict=True))
