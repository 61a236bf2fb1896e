"""Mail texts and switches that programme managers set, per company, project or cohort."""

from typing import Any

from sqlalchemy import Connection, Row, and_, or_, select

from domain.mail import MailFacts
from domain.mail.choice import Choice, MailText, Scope, canonical, choose
from storage.schema.database import insert
from storage.schema.tables import mail_texts

KEY = ("scope", "scope_id", "kind", "language")
COLUMNS = (*KEY, "subject", "text", "html", "enabled")


def put(tx: Connection, text: MailText) -> None:
    """Insert or replace."""
    values = {name: getattr(text, name) for name in COLUMNS} | {
        "language": canonical(text.language)
    }
    changed = {name: values[name] for name in COLUMNS if name not in KEY}
    tx.execute(
        insert(tx, mail_texts)
        .values(values)
        .on_conflict_do_update(index_elements=KEY, set_=changed)
    )


def get(tx: Connection, scope: Scope, scope_id: str, kind: str, language: str) -> MailText | None:
    row = tx.execute(select(mail_texts).where(_is(scope, scope_id, kind, language))).first()
    return None if row is None else _text(row)


def delete(tx: Connection, scope: Scope, scope_id: str, kind: str, language: str) -> bool:
    """Whether there was one."""
    return tx.execute(mail_texts.delete().where(_is(scope, scope_id, kind, language))).rowcount > 0


def resolve(tx: Connection, facts: MailFacts) -> Choice:
    """The text for this mail as it is set now: a Template, "default", or "off" when it must not be
    sent.
    """
    named = (("cohort", facts.cohort), ("project", facts.project), ("company", facts.company))
    scopes = [
        and_(mail_texts.c.scope == scope, mail_texts.c.scope_id == scope_id)
        for scope, scope_id in named
        if scope_id
    ]
    if not scopes:
        return "default"
    rows = tx.execute(select(mail_texts).where(mail_texts.c.kind == facts.text_kind, or_(*scopes)))
    return choose([_text(row) for row in rows], facts.recipient.language)


def _is(scope: Scope, scope_id: str, kind: str, language: str) -> Any:
    wanted = zip(KEY, (scope, scope_id, kind, canonical(language)), strict=True)
    return and_(*(mail_texts.c[name] == value for name, value in wanted))


def _text(row: Row[Any]) -> MailText:
    return MailText(**{name: row._mapping[name] for name in COLUMNS})
