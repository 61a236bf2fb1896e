"""What a check of the doctor's says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """All is well when `next_step` is empty. `warns`: it is yet, and the next step is in good
    time.
    """

    check: str
    detail: str
    next_step: str = ""
    warns: bool = False

    @property
    def fails(self) -> bool:
        return self.next_step != "" and not self.warns
