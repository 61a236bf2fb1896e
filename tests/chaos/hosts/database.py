"""A primary and its standby, each at an address of its own. A commit waits for the standby, so that
whatever was acknowledged is there once it is promoted.
"""

from contextlib import nullcontext

from tests.chaos.databases import NAME, Postgres
from tests.chaos.hosts.network import DATABASES
from tests.support.postgres import standby_of
from tests.support.standby import Pair

PORT = 5432


class Replicated(Postgres):
    """`server`: the primary."""

    def __init__(self) -> None:
        first, second = ((address, PORT) for address in DATABASES)
        super().__init__(nullcontext, first)
        standby = self._life.enter_context(standby_of(self.server, second))
        self._pair = Pair(self.server, standby, True, self._life)
        self._pair.begin()
        self.url_of_both = self._pair.url(NAME)

    def lose_primary(self) -> None:
        """kill -9; then the standby is promoted, as an operator does."""
        self._pair.promote()
        self.server = self._pair.primary

    def replace(self) -> None:
        """A new standby, in the place of the one that was lost."""
        self._pair.rejoin()
