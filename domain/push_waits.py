"""How long pushes waited until what they announced could be seen: the latest ones of each
connection, in a few bytes of its row.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

KEPT = 50
_PAIR = np.dtype([("at", "<i8"), ("ms", "<u4")])
_LONGEST = 2**32 - 1
_NONE = np.empty(0, _PAIR)


@dataclass(frozen=True, slots=True)
class PushWaits:
    """The latest wait and the 95th percentile of the latest ones, in milliseconds; `measured`: of
    how many, at most KEPT.
    """

    measured: int
    last_ms: int | None = None
    p95_ms: int | None = None


def with_one_more(packed: bytes | None, *, at: int, ms: int) -> bytes:
    """The latest waits, packed, with this one, which ended at `at` (epoch seconds)."""
    # A clock that steps back between the database and us must not write what cannot be read.
    newest = np.array([(at, min(max(ms, 0), _LONGEST))], _PAIR)
    return np.concatenate((_unpacked(packed), newest))[-KEPT:].tobytes()


def summary(packed: Iterable[bytes | None]) -> PushWaits:
    """Of several connections together: the latest of all."""
    parts = [waits for waits in map(_unpacked, packed) if len(waits)]
    if not parts:
        return PushWaits(0)
    waits = np.concatenate(parts)
    latest = waits[np.argsort(waits["at"], kind="stable")]["ms"][-KEPT:]
    # As np.percentile has it, which takes ten times as long: a list says it of each coach.
    p95 = np.interp(0.95 * (len(latest) - 1), np.arange(len(latest)), np.sort(latest))
    return PushWaits(len(latest), int(latest[-1]), round(float(p95)))


def _unpacked(packed: bytes | None) -> npt.NDArray[np.void]:
    """Bytes of another release, or none, are no waits: they are only figures."""
    if packed is None or len(packed) % _PAIR.itemsize:
        return _NONE
    return np.frombuffer(packed, _PAIR)
