"""The migrations make exactly the tables that the code expects, go down again, and may run twice at
once.
"""

import threading

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from storage import migrations
from storage.schema.database import Database, create
from storage.schema.tables import metadata


def test_the_migrated_schema_is_the_one_in_the_code(empty_database_url: str) -> None:
    database = create(empty_database_url)
    migrations.migrate(database)
    with database.read() as tx:
        difference = compare_metadata(
            MigrationContext.configure(tx, opts={"compare_type": True}), metadata
        )
    database.close()
    assert difference == []


def test_down_leaves_nothing_and_up_works_again(empty_database_url: str) -> None:
    database = create(empty_database_url)
    migrations.migrate(database)
    migrations.migrate(database, "base", destroy=True)
    with database.read() as tx:
        assert inspect(tx).get_table_names() == ["alembic_version"]
    assert migrations.standing(database) != "current"
    migrations.migrate(database)
    assert migrations.standing(database) == "current"
    database.close()


def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    database = create(empty_database_url)
    assert migrations.standing(database) != "current"
    database.close()


def test_mails_that_wait_go_into_their_states_and_back(empty_database_url: str) -> None:
    """Those of the release before 0008, which kept the state as the beginning of an error."""
    database = create(empty_database_url)
    migrations.migrate(database, "0007")
    kept = {
        "held": ("pending", "held: these tokens have no value: x", "a@x.example"),
        "later": ("pending", "451", "a@x.example"),
        "refused": ("dead", "refused for good, because of the address (550)", "gone@x.example"),
        "next": ("dead", "withheld: refused for good", "gone@x.example"),
        "freed": ("dead", "withheld: refused for good", "freed@x.example"),
    }
    columns = (
        "id, kind, topic, dedupe_key, payload, due_at, created_at, state, last_error, recipient"
    )
    with database.write() as tx:
        tx.execute(text("INSERT INTO withheld_addresses VALUES ('gone@x.example', '550', 0)"))
        for name, (state, error, to) in kept.items():
            values = {"id": name, "state": state, "error": error, "to": to}
            rows = (
                f"INSERT INTO outbox ({columns}) VALUES (:id, 'mail', 'booked', :id, '{{}}', 0,"
                " 0, :state, :error, :to)"
            )
            tx.execute(text(rows), values)
    migrations.migrate(database)
    assert states(database) == {
        "held": ("waiting_for_text", "these tokens have no value: x"),
        "later": ("pending", "451"),
        "refused": ("withheld", "refused for good, because of the address (550)"),
        "next": ("withheld", "withheld: refused for good"),
        "freed": ("dead", "withheld: refused for good"),
    }
    migrations.migrate(database, "0007", destroy=True)
    back = states(database)
    assert back["held"] == ("pending", "held: these tokens have no value: x")
    assert {back[name][0] for name in ("refused", "next", "freed")} == {"dead"}
    database.close()


def states(database: Database) -> dict[str, tuple[str, str]]:
    with database.read() as tx:
        rows = tx.execute(text("SELECT id, state, last_error FROM outbox"))
        return {name: (state, error) for name, state, error in rows}


def test_several_releases_may_migrate_at_once(empty_database_url: str) -> None:
    failures: list[BaseException] = []

    def release() -> None:
        database = create(empty_database_url)
        try:
            migrations.migrate(database)
        except BaseException as error:  # noqa: BLE001 (whatever a thread raises, the test must see)
            failures.append(error)
        database.close()

    threads = [threading.Thread(target=release) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = create(empty_database_url)
    assert migrations.standing(database) == "current"
    database.close()
