"""Rows as the values that the product speaks of: dataclasses whose fields are named like columns.

Nothing is mapped by an ORM: a query names its columns, and these say what is made of its rows.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from itertools import starmap
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Executable, Table

Made = TypeVar("Made")
Values = Mapping[str, Any]
"""What a row holds, by the names of its columns."""


def all_as(tx: Connection, kind: Callable[..., Made], query: Executable) -> list[Made]:
    """One for each row, in order. The columns are asked for in the order of its fields."""
    return list(starmap(kind, tx.execute(query)))


def first_as(tx: Connection, kind: Callable[..., Made], query: Executable) -> Made | None:
    """One for the first row; None where there is no row."""
    found = tx.execute(query).first()
    if found is None:
        return None
    return kind(*found)


def dicts(tx: Connection, query: Executable) -> list[Values]:
    """One for each row, in order: for many rows of many columns. By its names a row of SQLAlchemy's
    answers ten times slower than a dict.
    """
    found = tx.execute(query)
    names = tuple(found.keys())
    return [dict(zip(names, row, strict=True)) for row in found.all()]


def columns_of(table: Table, kind: Any) -> list[Column[Any]]:
    """The columns that are named like the fields of this dataclass, in their order."""
    return [table.c[field.name] for field in fields(kind)]


def values_of(record: Any) -> dict[str, Any]:
    """What to write of a dataclass, by column. Not `asdict`: that takes apart what lies within."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
