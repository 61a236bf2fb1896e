"""What a check of the doctor's says."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """All is well when `next_step` is empty."""

    check: str
    detail: str
    next_step: str = ""
