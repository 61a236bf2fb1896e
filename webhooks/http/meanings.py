"""What the words in answers mean: reasons, states and remarks, as the reference and the OpenAPI
document tell them.
"""

REASONS = {
    "horizon": "It ends later than the coach can be booked ahead.",
    "notice": "It begins sooner than the coach can be booked.",
    "untrusted": "The coach's calendars cannot be trusted now; `state` and `policy` say more.",
    "spacing": "It lies between the starts that pack the coach's day.",
    "limit": "The coach has as many sessions that day or week as they take.",
    "buffer": "Only the time before or after it meets something.",
    "busy": "The coach's calendar is busy.",
    "session": "The coach has a session of ours.",
    "outside_hours": "The coach does not work then.",
    "day_off": "The coach has that day off.",
    "unsettled": "The coach moved a session's event there, and nobody settled it yet.",
    "away": "The coach is away.",
    "holiday": "It is a public holiday that the coach keeps.",
    "hold": "The time is kept for somebody who is booking; it opens by itself if they do not.",
}
"""Why a time is closed: the names of `domain.slots.reasons.Reason`."""

REFUSAL_REASONS = {
    "past": "It has begun.",
    "full": "All seats are taken.",
    "elsewhere": "The participant has another session then.",
}
"""Further reasons, of refusals alone."""

STATES = {
    "fresh": "Every calendar was read after its last known change.",
    "refreshing": "A change is known, and is being read.",
    "stale": "The calendars were not read for too long.",
    "initial_sync": "A calendar's first sync is not complete.",
    "disconnected": "A calendar lost its credentials: only its coach can mend it.",
    "no_access": "An account gives no right to read its calendars.",
    "unconnected": "The coach has no calendar here.",
}
"""How far a coach's calendars can be believed: `domain.freshness.State`."""

EFFECTS = {
    "list": "Open times are listed.",
    "hide": "No time is listed.",
    "hours_only": "Times are listed by working hours and sessions, without the calendars.",
}
"""What the coach's policy makes of that: `domain.freshness.Effect`."""

REMARKS = {
    "no_value": "red: the spreadsheet could not compute the cell.",
    "no_time": "yellow: no time is named; the pod is made without one.",
    "no_such_time": "red: clocks skip this time on that day.",
    "time_twice": "yellow: clocks show this time twice on that day; the first is taken.",
    "duplicate_participant": "red: somebody is in the row twice.",
    "unknown_username": "red: nobody is known by this username.",
    "name_missing": "yellow: the participant has no name.",
    "below_min": "yellow: fewer participants are named than the pod needs.",
    "participant_in_two_pods": "yellow: somebody is in two pods of the file that overlap already.",
    "participants_leave_late": "yellow: whoever is taken out misses a session that begins soon.",
    "pod_twice": "red: a row before names this pod too.",
    "not_a_mailbox": "red: neither an address nor a name and an address.",
}
"""Of a row of an import, beside the codes of refusals."""
