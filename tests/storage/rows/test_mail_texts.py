"""Mail texts are kept per scope, kind and language, and the right one is found when the mail is
sent.
"""

from dataclasses import replace
from typing import Any

import pytest

from domain.mail.choice import Choice, MailText, Template
from storage.rows import mail_texts
from storage.schema.database import Database
from tests.domain.letters import ADA, FACTS

OURS = replace(FACTS, company="acme", project="p1", cohort="c1")


def text(scope: Any, scope_id: str, language: str = "en", **values: Any) -> MailText:
    given = {
        "subject": f"{scope} {scope_id}",
        "text": "Hello",
        "html": None,
        "enabled": True,
        "kind": "booked",
    }
    return MailText(scope, scope_id, language=language, **given | values)


def put(database: Database, *texts: MailText) -> None:
    with database.write() as tx:
        for one in texts:
            mail_texts.put(tx, one)


def resolve(database: Database, **changes: Any) -> Choice:
    with database.read() as tx:
        return mail_texts.resolve(tx, replace(OURS, **changes))


def test_a_text_comes_back_as_it_went_in(database: Database) -> None:
    stored = text("cohort", "c1", html="<p>Grüße 😀</p>", enabled=False)
    put(database, stored)
    with database.read() as tx:
        assert mail_texts.get(tx, "cohort", "c1", "booked", "en") == stored
        assert mail_texts.get(tx, "cohort", "c1", "booked", "de") is None
        assert mail_texts.get(tx, "project", "c1", "booked", "en") is None


def test_a_second_text_replaces_the_first(database: Database) -> None:
    put(database, text("cohort", "c1"), text("cohort", "c1", subject="New"))
    assert resolve(database) == Template("en", "New", "Hello")


def test_a_language_is_one_however_it_is_written(database: Database) -> None:
    put(database, text("cohort", "c1", "de-AT"))
    assert resolve(database, recipient=replace(FACTS.recipient, language="DE_at")) == Template(
        "de-at", "cohort c1", "Hello"
    )
    with database.write() as tx:
        assert mail_texts.delete(tx, "cohort", "c1", "booked", "de-at")
        assert not mail_texts.delete(tx, "cohort", "c1", "booked", "de-at")


def test_the_narrowest_scope_of_the_mail_is_used(database: Database) -> None:
    put(
        database,
        text("company", "acme"),
        text("project", "p1"),
        text("cohort", "c1"),
        text("cohort", "c2"),
    )
    assert resolve(database) == Template("en", "cohort c1", "Hello")
    assert resolve(database, cohort=None) == Template("en", "project p1", "Hello")
    assert resolve(database, cohort="c9", project="p9") == Template("en", "company acme", "Hello")
    assert resolve(database, cohort="acme", project="acme", company="c1") == "default"


def test_without_a_text_or_a_scope_it_is_the_default(database: Database) -> None:
    put(database, text("company", "acme", kind="cancelled"))
    assert resolve(database) == "default"
    assert resolve(database, company=None, project=None, cohort=None) == "default"


def test_a_switch_holds_until_it_is_taken_away(database: Database) -> None:
    put(database, text("company", "acme", subject="", text="", enabled=False))
    assert resolve(database) == "off"
    with database.write() as tx:
        mail_texts.delete(tx, "company", "acme", "booked", "en")
    assert resolve(database) == "default"


@pytest.mark.parametrize("kind", ["booked", "coach_booked"])
def test_coaches_and_participants_have_texts_of_their_own(database: Database, kind: str) -> None:
    put(database, text("cohort", "c1", kind=kind))
    found = {"booked": resolve(database), "coach_booked": resolve(database, recipient=ADA)}
    assert found.pop(kind) == Template("en", "cohort c1", "Hello")
    assert list(found.values()) == ["default"]
