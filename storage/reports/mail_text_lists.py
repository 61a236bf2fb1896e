"""Mail texts and switches in pages, by where they are set."""

from sqlalchemy import Connection, select

from domain.mail.choice import MailText
from storage.reports.lists import Key, Page, cut
from storage.schema import records
from storage.schema.tables import mail_texts

row = mail_texts.c
_COLUMNS = records.columns_of(mail_texts, MailText)
FILTERS = ("scope", "scope_id", "kind", "language", "enabled")


def page(
    tx: Connection, wanted: dict[str, str | bool | None], after: Key | None, *, limit: int
) -> Page[MailText]:
    """`wanted`: by the name of a column, what it has to be; None: anything."""
    query = select(*_COLUMNS)
    for name in FILTERS:
        value = wanted.get(name)
        if value is not None:
            query = query.where(row[name] == value)
    order = (row.scope, row.scope_id, row.kind, row.language)
    found, last = cut(tx, query, order, after, limit)
    return Page([MailText(*each[: len(_COLUMNS)]) for each in found], last)
