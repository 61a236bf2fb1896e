"""What a roster asks for, row by row, and what became of it."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

from domain.errors import Invalid
from domain.sessions import NO_CONTEXT, Context, Format, Participant, Refused

Comes = Literal["new", "changed", "unchanged"]
"""What a row is to the pods that there are."""


@dataclass(frozen=True, slots=True)
class PodEntry:
    """A pod as a roster asks for it. `coach`: an id, or the coach's mail address; `start` in epoch
    seconds, None: a shell, which may have no coach either; `duration` None: the only one that the
    coach offers. The id of each of `participants`
    is their mail address in small letters, which is never kept as an id, unless they are among
    the `known`: those have the platform's own. `zone`: empty where the row has none, which only
    one without `start` may; the others' participants have it too.

    `pod_id`: the pod that there is; then what is `left_out` stays. `version`: when it was exported.
    """

    coach: str
    start: int | None
    duration: int | None
    min_seats: int
    capacity: int
    format: Format
    title: str | None
    context: Context
    participants: tuple[Participant, ...]
    zone: str = "UTC"
    group_id: str | None = None
    pod_id: str | None = None
    version: int | None = None
    known: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()

    @property
    def timed_start(self) -> int:
        """Raises Invalid for a row without a time."""
        if self.start is None:
            detail = "This pod has a time, and keeps one: fill in date and time."
            raise Invalid("start", "missing", detail)
        return self.start

    @property
    def participant_ids(self) -> list[str]:
        return [who.id for who in self.participants]

    def context_over(self, before: Context = NO_CONTEXT) -> Context:
        """The context with what the row says of it."""
        return Context(**before.as_json() | self.context.as_json())


@dataclass(frozen=True, slots=True)
class Placed:
    """A pod that was made, or would be: epoch seconds."""

    id: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True)
class RowDifference:
    """What of a pod is another in the row: `field` is the column, the rest is as people read it."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class EntryOutcome:
    """What became of an entry: a pod, a shell, or why there is none. Nothing of these: it could be
    made, and was not, for another's sake. `coach_id`: whom its coach's name means.
    """

    pod: Placed | None = None
    shell_id: str | None = None
    """Of a pod that is made, or stays, without a time."""
    refused: Refused | Invalid | None = None
    coach_id: str = ""
    comes: Comes = "new"
    differs: tuple[RowDifference, ...] = ()
    leaves_late: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it is kept for whoever goes on where another stopped."""
        whole: dict[str, Any] = {"coach_id": self.coach_id, "pod": self.pod and asdict(self.pod)}
        whole |= {"comes": self.comes, "leaves_late": self.leaves_late}
        whole["shell_id"] = self.shell_id
        whole["differs"] = list(map(asdict, self.differs))
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
        # The release before this one kept neither of these.
        comes, late = kept.get("comes", "new"), kept.get("leaves_late", False)
        differs = tuple(RowDifference(**each) for each in kept.get("differs", ()))
        shell_id = kept.get("shell_id")
        return cls(pod, shell_id, refused, kept["coach_id"], comes, differs, late)
