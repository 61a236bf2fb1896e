"""NotStartedError, the one error of this package."""

from pathlib import Path

TAIL = 4_000


class NotStartedError(RuntimeError):
    """A server, or a program that prepares one, failed. The text holds the end of what it printed."""

    def __init__(self, program: str | Path, what: str, printed: str) -> None:
        super().__init__(f"{program} {what}. It printed:\n{printed[-TAIL:].strip() or '(nothing)'}")
