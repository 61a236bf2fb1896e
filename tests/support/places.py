"""Where a process of a test runs: on this machine as it is, or on a host of a network of ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """`address`: where others reach what runs there. `enter`: the words before a command line that
    start it there.
    """

    address: str = "127.0.0.1"
    enter: tuple[str, ...] = ()


HERE = Place()
