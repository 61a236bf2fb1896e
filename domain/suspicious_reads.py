"""Calendars that seem to vanish: providers have falsely reported that,
so such a read is made again to be believed.
"""

from collections import Counter
from collections.abc import Collection

import numpy as np

from domain.freebusy import FREE, Reading

MANY = 5
"""Periods of a whole account, of which more than half are gone."""
SEVERAL = 2
"""Periods of one calendar, of which none is left.
The last meeting of a calendar may well be called off.
"""


def vanished(known: Reading, read: Reading, *, unlisted: Collection[str] = ()) -> bool:
    """Whether most of what was known ahead is gone. Both hold what lies ahead and nothing else.

    `unlisted`: calendars that the account does not list any more; one with a period in it is
    enough.
    """
    had, has = _periods(known), _periods(read)
    if had.total() >= MANY and 2 * has.total() < had.total():
        return True
    for calendar, count in had.items():
        # Not even listed any more: where it had any period at all, that alone is strange enough.
        if calendar in unlisted:
            return True
        if count >= SEVERAL and not has[calendar]:
            return True
    return False


def _periods(reading: Reading) -> Counter[str]:
    """How many different periods each calendar has, as far as they may block."""
    # What does not block may come and go: nobody is booked into it wrongly.
    real = (reading.ends > reading.start) & (reading.status != FREE)
    rows = np.stack((reading.calendar, reading.start, reading.end))[:, real]
    return Counter(reading.calendars[place] for place in np.unique(rows, axis=1)[0])
