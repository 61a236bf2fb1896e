"""What companies, projects and cohorts set about changes of bookings: one row each."""

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from domain.change_rules import ChangeRules
from domain.mail.choice import SCOPES, Scope
from domain.sessions import Context
from storage.schema import records
from storage.schema.database import insert
from storage.schema.tables import change_rules

KEY = ("scope", "scope_id")

row = change_rules.c
_RULES = select(*records.columns_of(change_rules, ChangeRules))


def put(tx: Connection, rules: ChangeRules) -> None:
    """Insert or replace."""
    values = records.values_of(rules)
    changed = {name: value for name, value in values.items() if name not in KEY}
    added = insert(tx, change_rules).values(values)
    tx.execute(added.on_conflict_do_update(index_elements=KEY, set_=changed))


def get(tx: Connection, scope: Scope, scope_id: str) -> ChangeRules | None:
    return records.first_as(tx, ChangeRules, _RULES.where(_is(scope, scope_id)))


def delete(tx: Connection, scope: Scope, scope_id: str) -> bool:
    """Whether there were any."""
    return tx.execute(change_rules.delete().where(_is(scope, scope_id))).rowcount > 0


def of_context(tx: Connection, context: Context) -> list[ChangeRules]:
    """Those of its cohort, its project and its company, as far as it has them."""
    scopes = []
    for scope in SCOPES:
        scope_id = getattr(context, scope)
        if scope_id is not None:
            scopes.append(_is(scope, scope_id))
    if not scopes:
        return []
    return records.all_as(tx, ChangeRules, _RULES.where(or_(*scopes)))


def _is(scope: Scope, scope_id: str) -> ColumnElement[bool]:
    return and_(row.scope == scope, row.scope_id == scope_id)
