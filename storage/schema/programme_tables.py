"""What companies, projects and cohorts set: the texts of mails, where sessions are, rules about
changes, and what all of it looks like.
"""

from sqlalchemy import JSON, Column, Integer, LargeBinary, Table, Text

from storage.schema.columns import flag, metadata

# What programme managers set: a text, a switch, or both.
mail_texts = Table(
    "mail_texts",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("scope_id", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("html", Text),
    flag("enabled", default=True),
)

# Where sessions of a company, project or cohort are, and which kinds of places they may have.
places = Table(
    "places",
    metadata,
    Column("scope", Text, primary_key=True),
    Column("scope_id", Text, primary_key=True),
    Column("place", JSON(none_as_null=True)),
    Column("kinds", JSON(none_as_null=True)),
)

# What programme managers set about changes of bookings; null leaves it to the wider scope.
change_rules = Table(
    "change_rules",
    metadata,
    Column("scope", Text, primary_key=True),  # company | project | cohort
    Column("scope_id", Text, primary_key=True),
    Column("late_hours", Integer),
    Column("free_moves", Integer),
    Column("most_rebookings", Integer),
    Column("most_missed", Integer),
)

# What mails and pages look like for a company, which is named as in the context of bookings.
brands = Table(
    "brands",
    metadata,
    Column("company", Text, primary_key=True),
    Column("sender_name", Text),
    Column("support", Text),
    Column("colour", Text),  # as is the rest, null where the deployment's counts
    Column("logo", LargeBinary),  # a PNG, at most 100 kB
    Column("logo_digest", Text, index=True),  # what its address is made of
    Column("logo_width", Integer),
    Column("logo_height", Integer),
)
