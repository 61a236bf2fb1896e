"""Where a reader of the feed is: a text that only we understand, and that stays good for as long as
what follows it is kept.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from storage.rows.feed import Ends
from webhooks.http.problems import RefusedRequest

END = "end"
MOST_DIGITS = 18
AGAIN = f"ask with after={END}, read the lists anew, and then go on from the `next` of that answer."


def written(position: int) -> str:
    return urlsafe_b64encode(str(position).encode()).decode().rstrip("=")


def position_of(after: str | None, ends: Ends, *, begins: int = 0) -> int:
    """The position that a reader has read through; nothing read is `begins`. Raises
    RefusedRequest: it is no cursor, or some of what follows it is gone.
    """
    if after is None:
        return begins
    if after == END:
        return ends.last_position
    position = _read(after)
    # Beyond the end: it is of a database that was put back to an older state since. What happens
    # from then on has positions that this reader would take for read.
    if not begins <= position <= ends.last_position:
        detail = f"Some of what follows this cursor is gone: {AGAIN}"
        raise RefusedRequest("cursor_gone", detail, field="after")
    return position


def _read(after: str) -> int:
    try:
        digits = urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode("ascii")
    except ValueError:
        digits = ""
    # Written again it has to be the same: there is one cursor for one place.
    if not digits.isdecimal() or len(digits) > MOST_DIGITS or written(int(digits)) != after:
        detail = "Send the `next` of an answer as it was, or leave `after` out to begin anew."
        raise RefusedRequest("unknown_cursor", detail, field="after")
    return int(digits)
