"""What is wrong with an account, of whatever profiles it has: the worst decides."""

from typing import Any

import pytest

from domain.accounts import Account, Profile, Trouble


def profile(**how: Any) -> Profile:
    return Profile("pro_1", "google", "gsuite", "ada", **how)


WELL, TIMES_ONLY = profile(), profile(mode="free_busy")
UNREAD, SYNCING = profile(mode="no_access"), profile(initial_sync=True)
LOST = profile(connected=False)


@pytest.mark.parametrize(
    ("profiles", "trouble"),
    [
        ((), None),
        ((WELL,), None),
        ((TIMES_ONLY,), None),
        ((WELL, TIMES_ONLY), None),
        ((UNREAD,), "no_access"),
        ((WELL, UNREAD), "no_access"),
        ((SYNCING, WELL), "initial_sync"),
        ((SYNCING, UNREAD), "no_access"),
        ((UNREAD, LOST), "disconnected"),
        ((SYNCING, LOST), "disconnected"),
    ],
)
def test_the_worst_profile_decides(profiles: tuple[Profile, ...], trouble: Trouble | None) -> None:
    assert Account("acc_1", profiles=profiles).trouble == trouble
