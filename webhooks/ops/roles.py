"""Who at the ops pages may do what: decided here, and nowhere else.

Whoever acts may do every deed; whoever reads sees every page, and may do none. A key's scopes say
which it is. Another way of logging in comes to a role of its own, and hands that in here.
"""

from collections.abc import Collection
from typing import Literal

Role = Literal["acting", "reading"]

SCOPES: dict[str, Role] = {"ops": "acting", "ops:read": "reading"}
"""A scope -> the role that it gives, the strongest first."""
FOR_ALL = ("ops.login", "ops.logout")
"""What is posted and is no deed."""
REFUSAL = (
    "You may look here, and change nothing: your key has the scope ops:read. Nothing was done."
    " Log in with a key of scope ops, or ask somebody who has one."
)


def of_scopes(scopes: Collection[str]) -> Role | None:
    """The role of a key; None where it opens no page."""
    for scope, role in SCOPES.items():
        if scope in scopes:
            return role
    return None


def refuses(role: Role | None, method: str, endpoint: str | None) -> bool:
    """Whether this request is a deed that the role may not do. Every POST is one, so that a deed
    that is added later is refused without anybody thinking of it.
    """
    return role == "reading" and method != "GET" and endpoint not in FOR_ALL
