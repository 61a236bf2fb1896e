"""What tables are made of: kinds of columns, and how constraints are named."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    ForeignKey,
    MetaData,
    Text,
    TypeDecorator,
    any_,
    literal,
    text,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, kept as milliseconds since 1970:
    the same on both databases, and comparable as it is.
    """

    impl = BigInteger
    cache_ok = True

    # Rounded, and not cut off: what is read back may lie up to half a millisecond after what was
    # written. Whoever compares a moment of this transaction compares it as it was given.
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        if value is None:
            return None
        return round((value - EPOCH) / timedelta(milliseconds=1))

    # Not process_result_value: one call more for each value, and a row of a list has ten.
    def result_processor(
        self, _dialect: Dialect, _coltype: object
    ) -> Callable[[int | None], datetime | None]:
        return _moment


def _moment(value: int | None) -> datetime | None:
    if value is None:
        return None
    return EPOCH + timedelta(milliseconds=value)


def one_of(
    tx: Connection, column: ColumnElement[str], values: Sequence[str]
) -> ColumnElement[bool]:
    """Whether the column is one of the values."""
    # PostgreSQL takes them all as one value. As a value each, a thousand of them cost as much as
    # the rows that they find.
    if tx.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(Text)))
    return column.in_(values)


# Every constraint has a name that both databases know: a migration can only drop what it can name.
metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


# The defaults are the server's: the release before, which knows nothing of a new column, goes on
# inserting rows while this one is deployed.
def number(name: str, default: int = 0) -> Column[int]:
    return Column(name, BigInteger, nullable=False, server_default=text(str(default)))


def flag(name: str, *, default: bool = False) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text(str(default).lower()))


def of_coach(**options: Any) -> Column[str]:
    return Column(
        "coach_id", Text, ForeignKey("coaches.id", ondelete="CASCADE"), nullable=False, **options
    )


def of_connection(**options: Any) -> Column[str]:
    return Column(
        "connection_id",
        Text,
        ForeignKey("connections.id", ondelete="CASCADE"),
        nullable=False,
        **options,
    )
