"""Whether a session lies where its coach takes none: the rule of the slots, asked of one time."""

from domain.coaches import Coach
from domain.hours import DAY, local_days, open_windows
from domain.intervals import subtract
from domain.slots import away_periods
from domain.slots.reasons import Reason


def reason_absent(coach: Coach, start: int, end: int) -> Reason | None:
    """Why the coach is not there for a session of [start, end), epoch seconds: away, a holiday; or
    None. Other hours are no absence.
    """
    if _on_holiday(coach, start, end):
        return Reason.holiday
    for since, until in away_periods(coach).tolist():
        if since < end and start < until:
            return Reason.away
    return None


def _on_holiday(coach: Coach, start: int, end: int) -> bool:
    dates = coach.holidays.dates
    if not dates:
        return False
    ((day, _, _),) = local_days(coach.hours.zone, start, start + 1, coach.trips)
    if day not in dates:
        return False
    # A window of the evening before may reach into the holiday: what lies in it is no absence.
    around = day - 2 * DAY, day + 3 * DAY
    windows = open_windows(coach.hours, *around, coach.trips, dates)
    return bool(subtract([(start, end)], windows))
