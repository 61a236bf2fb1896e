"""A trouble as the first line of the overview tells it: what is wrong, in words, how bad it is by
its age, its runbook paragraph and what helps.
"""

from dataclasses import dataclass
from typing import Literal

Level = Literal["grey", "amber", "red"]
LEVELS: tuple[Level, ...] = ("grey", "amber", "red")
WORDS: dict[Level, str] = {"grey": "To know", "amber": "Look soon", "red": "Act now"}
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@dataclass(frozen=True, slots=True)
class Remedy:
    """What helps. A button (`deed` names the endpoint's last word, with its `target`), or a command
    on a machine, or a place on a page; one of them. `does`: what comes of it, in a sentence.
    """

    label: str
    deed: str = ""
    target: str = ""
    command: str = ""
    place: str = ""
    does: str = ""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`paragraph`: of the runbook, by its alert."""

    level: Level
    words: str
    paragraph: str
    remedy: Remedy


def level_by(seconds: float, amber: float, red: float) -> Level:
    if seconds >= red:
        return "red"
    if seconds >= amber:
        return "amber"
    return "grey"
