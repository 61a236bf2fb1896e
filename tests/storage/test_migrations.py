"""The migrations make exactly the tables that the code expects, go down again, and may run twice at once."""

import threading

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from storage import migrations
from storage.database import create
from storage.tables import metadata


def test_the_migrated_schema_is_the_one_in_the_code(empty_database_url: str) -> None:
    database = create(empty_database_url)
    migrations.migrate(database)
    with database.read() as tx:
        difference = compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata)
    database.close()
    assert difference == []


def test_down_leaves_nothing_and_up_works_again(empty_database_url: str) -> None:
    database = create(empty_database_url)
    migrations.migrate(database)
    migrations.migrate(database, "base", destroy=True)
    with database.read() as tx:
        assert inspect(tx).get_table_names() == ["alembic_version"]
    assert not migrations.is_current(database)
    migrations.migrate(database)
    assert migrations.is_current(database)
    database.close()


def test_an_empty_database_is_not_current(empty_database_url: str) -> None:
    database = create(empty_database_url)
    assert not migrations.is_current(database)
    database.close()


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
    assert migrations.is_current(database)
    database.close()
