"""Who at the ops pages may do what: decided here, and nowhere else.

Whoever acts may do every deed; whoever reads sees every page, and may do none. A key's scopes say
which it is. A person's groups at the login provider give them scopes, as the settings say.
"""

from collections.abc import Collection
from typing import Literal

from workers.settings import Settings

Role = Literal["acting", "reading"]

SCOPES: dict[str, Role] = {"ops": "acting", "ops:read": "reading"}
"""A scope -> the role that it gives, the strongest first."""
FOR_ALL = ("ops.login", "ops.logout")
"""What is posted and is no deed."""
KEY_READS = (
    "You may look here, and change nothing: your key has the scope ops:read. Nothing was done."
    " Log in with a key of scope ops, or ask somebody who has one."
)
PERSON_READS = (
    "You may look here, and change nothing: so say your groups at the login provider. Nothing was"
    " done. Ask somebody who may act, or have yourself put into a group that may and log in again."
)


def of_scopes(scopes: Collection[str]) -> Role | None:
    """The role of a key; None where it opens no page."""
    for scope, role in SCOPES.items():
        if scope in scopes:
            return role
    return None


def scopes_of_groups(groups: Collection[str], settings: Settings) -> tuple[str, ...]:
    """The scopes of a person in these groups; none where no group of theirs is named."""
    given = (
        ("ops", settings.oidc_act_groups),
        ("ops:read", settings.oidc_read_groups),
        ("people:erase", settings.oidc_erase_groups),
    )
    found = []
    for scope, named in given:
        if set(named or ()) & set(groups):
            found.append(scope)
    return tuple(found)


def named_groups(groups: Collection[str], settings: Settings) -> tuple[str, ...]:
    """Those of a person's groups that matter here, in a fixed order."""
    named: set[str] = set()
    for some in (settings.oidc_act_groups, settings.oidc_read_groups, settings.oidc_erase_groups):
        named |= set(some or ())
    return tuple(sorted(named & set(groups)))


def refusal(*, of_key: bool) -> str:
    """What somebody is told who may look only."""
    if of_key:
        return KEY_READS
    return PERSON_READS


def refuses(role: Role | None, method: str, endpoint: str | None) -> bool:
    """Whether this request is a deed that the role may not do. Every POST is one, so that a deed
    that is added later is refused without anybody thinking of it.
    """
    return role == "reading" and method != "GET" and endpoint not in FOR_ALL
