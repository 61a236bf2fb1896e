"""However many ask, one looks."""

import threading

import pytest

from webhooks.http.shared_looks import SharedLook


def test_twenty_who_ask_at_once_share_one_look() -> None:
    shared: SharedLook[int] = SharedLook(60)
    looks: list[int] = []
    found: list[int] = []
    together = threading.Barrier(20)

    def look() -> int:
        looks.append(1)
        return len(looks)

    def ask() -> None:
        together.wait(30)
        found.append(shared.get(look))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (found, looks) == ([1] * 20, [1])


def test_a_look_that_is_too_old_or_that_failed_is_made_again() -> None:
    shared: SharedLook[int] = SharedLook(0)
    assert [shared.get(lambda: 1), shared.get(lambda: 2)] == [1, 2]
    kept: SharedLook[int] = SharedLook(60)

    def fail() -> int:
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011 (which, does not matter)
        kept.get(fail)
    assert kept.get(lambda: 3) == 3
