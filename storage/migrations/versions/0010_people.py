"""who is to be erased, and ids for those whom an import knew by their address

An imported participant's id was the address itself, which callbacks carry: those that are there get an id that says
nothing.

Revision ID: 0010
"""

import hashlib
import secrets

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

people = sa.table("imported_people", sa.column("address_hash", sa.LargeBinary), sa.column("participant_id", sa.Text))
bookings = sa.table(
    "bookings", sa.column("id", sa.Text), sa.column("participant_id", sa.Text), sa.column("participant", sa.JSON)
)


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "person_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "imported_people",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("participant_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", name=op.f("pk_imported_people")),
        sa.UniqueConstraint("participant_id", name=op.f("uq_imported_people_participant_id")),
    )
    _rename_imported(op.get_bind())


def _rename_imported(tx: sa.Connection) -> None:
    mail = bookings.c.participant_id.like("%@%")
    found = tx.execute(sa.select(bookings).where(mail)).all()
    for address in {row.participant_id for row in found if row.participant["email"].lower() == row.participant_id}:
        new_id = f"imp_{secrets.token_hex(12)}"
        digest = hashlib.sha256(address.encode()).digest()
        tx.execute(people.insert().values(address_hash=digest, participant_id=new_id))
        tx.execute(bookings.update().where(bookings.c.participant_id == address).values(participant_id=new_id))


def downgrade() -> None:
    op.drop_table("imported_people")
    op.drop_table("erasures")
