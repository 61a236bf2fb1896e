"""Mail texts and switches that programme managers set, per company, project or cohort."""

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from domain.mail import MailFacts
from domain.mail.choice import Choice, MailText, Scope, canonical, choose
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import mail_texts

KEY = ("scope", "scope_id", "kind", "language")

row = mail_texts.c
_TEXTS = select(*records.columns_of(mail_texts, MailText))


def put(tx: Connection, text: MailText) -> None:
    """Insert or replace."""
    # Of two who save the same text at once the later one's stands: nobody is asked for a version.
    values = records.values_of(text) | {"language": canonical(text.language)}
    changed = {name: value for name, value in values.items() if name not in KEY}
    added = insert(tx, mail_texts).values(values)
    tx.execute(added.on_conflict_do_update(index_elements=KEY, set_=changed))


def get(tx: Connection, scope: Scope, scope_id: str, kind: str, language: str) -> MailText | None:
    return records.first_as(tx, MailText, _TEXTS.where(_is(scope, scope_id, kind, language)))


def delete(tx: Connection, scope: Scope, scope_id: str, kind: str, language: str) -> bool:
    """Whether there was one."""
    return tx.execute(mail_texts.delete().where(_is(scope, scope_id, kind, language))).rowcount > 0


def resolve(tx: Connection, facts: MailFacts) -> Choice:
    """The text for this mail as it is set now:
    a Template, "default", or "off" when it must not be sent.
    """
    named = (("cohort", facts.cohort), ("project", facts.project), ("company", facts.company))
    scopes = [
        and_(row.scope == scope, row.scope_id == scope_id) for scope, scope_id in named if scope_id
    ]
    if not scopes:
        return "default"
    texts = records.all_as(tx, MailText, _TEXTS.where(row.kind == facts.text_kind, or_(*scopes)))
    return choose(texts, facts.recipient.language)


def _is(scope: Scope, scope_id: str, kind: str, language: str) -> ColumnElement[bool]:
    named = and_(row.scope == scope, row.scope_id == scope_id)
    return and_(named, row.kind == kind, row.language == canonical(language))
