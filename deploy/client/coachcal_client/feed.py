"""What happened, in order: an iterator that reads page after page, and can be gone on with."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

Item = TypeVar("Item", bound=Mapping[str, Any])


class Feed(Generic[Item]):
    """Iterate over it: it ends where there is nothing more just now. Iterate again, whenever you
    like: it goes on from there.

    `after`: behind what you are done with; keep it, and begin with it the next time. It moves when
    you ask for the next item, so one at which your program ended comes again. Each item has the
    cursor behind itself as `next`, to be kept in one transaction with what you did about it.
    """

    def __init__(self, fetch: Callable[[str | None], Any], after: str | None) -> None:
        """`fetch`: the page behind a cursor, (`items`, `next`, `more`). Raises what a call does;
        ApiError 410 `cursor_gone`: read the lists anew, and begin with `after="end"`.
        """
        self._fetch = fetch
        self.after = after

    def __iter__(self) -> Iterator[Item]:
        more = True
        while more:
            items, following, more = self._fetch(self.after)
            for item in items:
                yield item
                self.after = item["next"]
            # Behind what no filter let through, too.
            self.after = following
