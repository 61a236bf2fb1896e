"""What a roster asks for, row by row, and what became of it."""

from dataclasses import asdict, dataclass
from typing import Any

from domain.errors import Invalid
from domain.sessions import Context, Format, Participant, Refused


@dataclass(frozen=True, slots=True)
class PodEntry:
    """A pod as a roster asks for it. `coach`: an id, or the coach's mail address; `start` in epoch
    seconds; `duration` None: the only one that the coach offers. The id of each of `participants`
    is their mail address in small letters: it is all that a roster knows, and is never kept as an
    id.
    """

    coach: str
    start: int
    duration: int | None
    min_seats: int
    capacity: int
    format: Format
    title: str | None
    context: Context
    participants: tuple[Participant, ...]


@dataclass(frozen=True, slots=True)
class Placed:
    """A pod that was made, or would be: epoch seconds."""

    id: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What became of an entry: a pod, or why there is none. Neither: it could be made, and was not,
    for another's sake.
    `coach_id`: whom its coach's name means.
    """

    pod: Placed | None = None
    refused: Refused | Invalid | None = None
    coach_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is kept for whoever goes on where another stopped;
        of a refusal, what a row is told.
        """
        whole: dict[str, Any] = {"coach_id": self.coach_id, "pod": self.pod and asdict(self.pod)}
        if isinstance(self.refused, Invalid):
            whole["invalid"] = [self.refused.field, self.refused.code, self.refused.detail]
        elif self.refused is not None:
            why = self.refused
            whole["refused"] = [why.code, why.detail, why.reason, why.nearest]
        return whole

    @classmethod
    def of_json(cls, kept: dict[str, Any]) -> "EntryOutcome":
        pod = kept["pod"] and Placed(**kept["pod"])
        refused: Refused | Invalid | None = None
        if "invalid" in kept:
            refused = Invalid(*kept["invalid"])
        elif "refused" in kept:
            code, detail, reason, nearest = kept["refused"]
            refused = Refused(code, detail, reason=reason, nearest=nearest)
        return cls(pod, refused, kept["coach_id"])
