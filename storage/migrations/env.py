"""What Alembic runs: the migrations, on the transaction that
`storage.migrations.migrate` opened.
"""

from alembic import context

from storage.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    compare_type=True,
)
context.run_migrations()
