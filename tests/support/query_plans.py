"""How a database means to find rows: what a test asks to see that an index serves a query."""

from sqlalchemy import text

from storage.schema.database import Database


def plan_of(database: Database, statement: str) -> str:
    """The plan of `statement` in the database's own words, the names of its indexes among them.

    `IS DISTINCT FROM` may be written for both; SQLite is asked with its own `IS NOT`. PostgreSQL
    reads a table of few rows whole, whatever its indexes, so that is switched off here.
    """
    with database.write() as tx:
        if tx.dialect.name == "sqlite":
            asked = statement.replace("IS DISTINCT FROM", "IS NOT")
            plan = tx.execute(text("EXPLAIN QUERY PLAN " + asked))
        else:
            tx.execute(text("SET LOCAL enable_seqscan = off"))
            plan = tx.execute(text("EXPLAIN " + statement))
        return " ".join(str(line) for line in plan)
