"""What this package raises."""

from pathlib import Path

TAIL = 4_000


class EmbeddedError(RuntimeError):
    """There is no server to be had here; the text names the next step."""


class NotStartedError(EmbeddedError):
    """A server, or a program that prepares one, failed.
    The text holds the end of what it printed.
    """

    def __init__(self, program: str | Path, what: str, printed: str) -> None:
        super().__init__(f"{program} {what}. It printed:\n{printed[-TAIL:].strip() or '(nothing)'}")
