"""The one error of this room: an input that breaks a rule.

ValueError
└── Invalid     permanent: the same input never becomes right by itself
"""

from __future__ import annotations


class Invalid(ValueError):
    """An input that breaks a rule: which field, a stable code for machines, and a sentence for people.

    `field` is a path such as `hours.mon[0]`; `code` is snake_case and never changes once published;
    `detail` ends with the next step.
    """

    def __init__(self, field: str, code: str, detail: str) -> None:
        super().__init__(field, code, detail)
        self.field = field
        self.code = code
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.field}: {self.detail} ({self.code})"
