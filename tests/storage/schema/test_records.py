"""What is made of rows: whole values, in the order that was asked for, and nothing taken apart."""

from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, select

from domain.change_rules import ChangeRules
from domain.mail.choice import MailText
from domain.sessions import NO_CONTEXT, Session
from storage.reports.overview import ProfileOverview
from storage.rows.audit_log import Deed, note
from storage.rows.outbox_claims import DeliveryClaim
from storage.rows.refusals import Refusal
from storage.schema import records, tables
from storage.schema.database import Database
from tests.support.people import NOW

DEEDS = [Deed(NOW + timedelta(days=day), f"ops-{day}", "requeue", "out_1", "") for day in range(3)]
MADE_OF_ONE_TABLE: list[tuple[Table, type]] = [
    (tables.change_rules, ChangeRules),
    (tables.mail_texts, MailText),
    (tables.ops_audit, Deed),
    (tables.outbox, DeliveryClaim),
    (tables.profiles, ProfileOverview),
    (tables.refusals, Refusal),
]


@pytest.mark.parametrize(("table", "kind"), MADE_OF_ONE_TABLE)
def test_the_columns_come_in_the_order_of_the_fields(table: Table, kind: Any) -> None:
    columns = records.columns_of(table, kind)
    assert [column.name for column in columns] == [field.name for field in fields(kind)]
    assert {column.table for column in columns} == {table}


def test_each_row_is_one_value_in_the_order_of_the_query(database: Database) -> None:
    with database.write() as tx:
        for deed in DEEDS:
            note(tx, deed)
    query = select(*records.columns_of(tables.ops_audit, Deed))
    with database.read() as tx:
        latest = query.order_by(tables.ops_audit.c.at.desc())
        assert records.all_as(tx, Deed, latest) == DEEDS[::-1]
        assert records.first_as(tx, Deed, latest) == DEEDS[-1]


def test_no_row_is_no_value(database: Database) -> None:
    query = select(*records.columns_of(tables.ops_audit, Deed))
    with database.read() as tx:
        assert records.all_as(tx, Deed, query) == []
        assert records.first_as(tx, Deed, query) is None


def test_what_lies_within_a_value_stays_a_value() -> None:
    session = Session("ses_1", "ada", "pod", 0, 900, 0, NOW)
    values = records.values_of(session)
    assert Session(**values) == session
    assert values["context"] is NO_CONTEXT
