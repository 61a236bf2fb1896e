"""Saying a thing once: what is met again and again fills no log."""

MOST = 1_000


class Once:
    """For one process. (Two threads that meet a thing at the same moment may both say it.)"""

    def __init__(self) -> None:
        self._said: set[tuple[str, ...]] = set()

    def first(self, *what: str) -> bool:
        """Whether this was never asked before.
        Past a thousand different things none is new: somebody plays with us.
        """
        # Bounded: whoever sends ever new names would otherwise fill the memory by them.
        if what in self._said or len(self._said) >= MOST:
            return False
        self._said.add(what)
        return True
