"""The oracle reads zones as the standard library finds them: let it find the tzdata package, as the
product does.
"""

from zoneinfo import ZoneInfo, reset_tzpath

reset_tzpath(to=())
ZoneInfo.clear_cache()
