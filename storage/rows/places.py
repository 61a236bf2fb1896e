"""What companies, projects and cohorts say of where their sessions are."""

from typing import cast

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from domain import places as rules
from domain.coaches import Coach
from domain.mail.choice import Scope
from domain.places import Place, Rule, kinds_of
from domain.sessions import Context, Terms
from storage.schema.database import insert
from storage.schema.tables import places

KEY = ("scope", "scope_id")
row = places.c


def put(tx: Connection, rule: Rule) -> None:
    """Insert or replace."""
    place = rule.place and rule.place.as_json()
    values = {"place": place, "kinds": rule.kinds and list(rule.kinds)}
    added = insert(tx, places).values(scope=rule.scope, scope_id=rule.name, **values)
    tx.execute(added.on_conflict_do_update(index_elements=KEY, set_=values))


def get(tx: Connection, scope: Scope, scope_id: str) -> Rule | None:
    found = _rules(tx, _is(scope, scope_id))
    if not found:
        return None
    return found[0]


def delete(tx: Connection, scope: Scope, scope_id: str) -> bool:
    """Whether there was anything."""
    return tx.execute(places.delete().where(_is(scope, scope_id))).rowcount > 0


def choose(
    tx: Connection, coach: Coach, context: Context, terms: Terms, wanted: Place | None = None
) -> Place | None:
    """Where a new session of this coach's is, as all who have a say have it now. Raises Invalid for
    a wanted one that somebody forbids.
    """
    said = [terms.places, Rule("coach", coach.id, coach.place, coach.place_kinds)]
    named = (
        ("company", context.company),
        ("project", context.project),
        ("cohort", context.cohort),
    )
    theirs = [_is(cast(Scope, scope), name) for scope, name in named if name]
    # A session that belongs nowhere asks the table nothing.
    if theirs:
        said += _rules(tx, or_(*theirs))
    return rules.choose(said, wanted)


def _rules(tx: Connection, where: ColumnElement[bool]) -> list[Rule]:
    found = []
    for scope, name, place, kinds in tx.execute(select(places).where(where)):
        rule = Rule(scope, name, Place.of_json(place), kinds_of(kinds))
        found.append(rule)
    return found


def _is(scope: Scope, scope_id: str) -> ColumnElement[bool]:
    return and_(row.scope == scope, row.scope_id == scope_id)
