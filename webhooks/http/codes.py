"""Every code that a refusal may have, with its status, and the sentences that go with it."""

from storage.schema.outages import Kind
from webhooks.http.limits import LIMITED

# Codes never change once published. The domain adds its own for the rules that it checks: they are
# all 422.
CODES: dict[str, tuple[int, str]] = {
    "bad_request": (400, "The request cannot be read."),
    "idempotency_key_required": (400, "This write needs an Idempotency-Key."),
    "malformed_json": (400, "The body is not JSON."),
    "malformed_notification": (400, "The body is signed, but is no notification of Cronofy's."),
    "key_missing": (401, "No API key was sent."),
    "key_unknown": (401, "The API key is unknown, expired or revoked."),
    "signature_invalid": (401, "The push carries no signature by a secret that we hold."),
    "scope_missing": (403, "The API key lacks the scope."),
    "read_only_role": (403, "On the ops pages: this role may look, and change nothing."),
    "unknown_path": (404, "There is nothing at this path."),
    "unknown_coach": (404, "There is no such coach."),
    "unknown_session": (404, "There is no such session."),
    "unknown_pod": (404, "There is no such pod."),
    "unknown_group": (404, "No pod was ever in a group of this name."),
    "unknown_shell": (404, "There is no such pod without a time, or it has one by now."),
    "unknown_booking": (404, "There is no such booking."),
    "unknown_hold": (404, "There is no such hold, or it has ended."),
    "unknown_participant": (404, "The session has no such participant."),
    "unknown_mail_text": (404, "Nothing is set for this kind of mail here."),
    "unknown_change_rule": (404, "Nothing is set about changes of bookings here."),
    "unknown_feed": (404, "There is no such feed, or it was revoked."),
    "unknown_brand": (404, "Nothing is set for this company, or no logo."),
    "unknown_place": (404, "Nothing is set here about where sessions are."),
    "unknown_withheld_address": (404, "The address is not withheld, or not any more."),
    "unknown_connection": (404, "The coach has no such connection."),
    "unknown_channel": (404, "No channel has this token."),
    "method_not_allowed": (405, "The path is right, the method is not."),
    "too_slow": (408, "The request took too long to come in."),
    "stale_version": (
        409,
        "The coach, booking or session changed since it was read; `current` is its version now.",
    ),
    "slot_not_open": (
        409,
        "The time cannot be booked; `reason` says why, and `nearest` what can be.",
    ),
    "seats_full": (409, "The pod is full; `nearest` and `pods` say what is not."),
    "seats_taken": (409, "More seats are taken than the pod would have."),
    "already_seated": (409, "The participant has a seat in the pod already."),
    "format_forbids": (409, "The pod's `format` does not let this participant do that."),
    "group_forbids": (409, "The pod cannot be in this group."),
    "pod_keeps_coach": (409, "A pod that has a time keeps its coach."),
    "rebookings_used_up": (
        409,
        "Its participant has moved bookings as often as `scope` allows: `limit` times.",
    ),
    "missed_used_up": (
        409,
        "The participant has missed as many sessions as `scope` allows: `limit`.",
    ),
    "booking_ended": (409, "The booking was cancelled, or its session is over; it never revives."),
    "pod_ended": (409, "The pod was called off."),
    "already_begun": (409, "The session has begun."),
    "not_begun": (409, "The session has not begun."),
    "nobody_seated": (409, "Nobody had a seat in the session."),
    "hold_of_another_time": (409, "The hold keeps another time than the one to be booked."),
    "seat_has_no_time": (409, "A seat in a pod moves to another pod, not to another time."),
    "not_a_pod": (409, "A 1:1 session moves to another time, not to a pod."),
    "difference_settled": (
        409,
        "What the coach did to the event was settled meanwhile, or is something else by now.",
    ),
    "event_not_moved": (409, "The session's event stands at no other time."),
    "import_refused": (
        409,
        "A row of the import is red; `rows` tells which, and nothing was imported.",
    ),
    "import_partial": (409, "A row became red while the others were made; `rows` tells which."),
    "too_many_feeds": (409, "The person has as many feeds as anybody may have; revoke one."),
    "mail_not_fitting": (
        409,
        "The mail is not true of the booking as it is; `fitting` names those that are.",
    ),
    "body_too_large": (413, "The body is over the cap."),
    "wrong_content_type": (
        415,
        "The body must be application/json; of an import CSV or XLSX, a logo PNG, a mail the mail.",
    ),
    "missing": (422, "A field is missing."),
    "unknown_field": (422, "There is no such field."),
    "wrong_type": (422, "A value of another type is needed."),
    "out_of_range": (422, "A number is too small or too large."),
    "too_many": (422, "A list or a text is too long, or too short."),
    "unknown_word": (422, "The value is none of the words known here."),
    "invalid_value": (422, "The value breaks a rule told in `detail`."),
    "not_an_address": (422, "The value is no mail address."),
    "shows_nothing": (422, "The text is only blanks, and characters that nobody sees."),
    "invalid_id": (422, "An id in the path has characters that no id has."),
    "invalid_instant": (422, "Neither a date nor an instant with an offset."),
    "reversed_range": (422, "The range ends before it begins, or where it begins."),
    "range_too_long": (422, "The range is longer than 92 days."),
    "idempotency_key_reused": (422, "The Idempotency-Key belongs to another request."),
    "link_too_long": (422, "The link would be longer than browsers and proxies take."),
    "min_over_max": (422, "A pod cannot have fewer seats than it needs."),
    "deadline_after_start": (422, "A deadline lies after its pod begins."),
    "coach_or_participant": (422, "Either a coach_id or a participant_id is needed, not both."),
    "start_or_pod": (422, "Either a start or a pod_id is needed, not both."),
    "time_or_pod": (422, "A seat in a pod has no time of its own."),
    "duration_required": (422, "The coach offers several durations: name one."),
    "place_forbidden": (422, "Somebody allows no such place here; `detail` says who, and what is."),
    "no_place": (422, "Nobody says where sessions are by default."),
    "file_refused": (422, "The file is no table of the kind that is imported, or could harm us."),
    "not_a_reply": (422, "The mail holds no answer to an invitation."),
    "logo_refused": (422, "The file is no PNG, damaged, or too large."),
    "unknown_country_or_region": (422, "Of no such place are public holidays known."),
    "unknown_calendar": (422, "The connection has no such calendar."),
    "calendar_read_only": (422, "The calendar takes no events, so it cannot receive sessions."),
    "head_too_large": (
        431,
        "The path, or the header fields together, are too long (414 for the path).",
    ),
    "rate_limited": (429, "Too many requests; Retry-After says for how long to wait."),
    "internal_error": (500, "Our fault; it was logged under the request id."),
    "clock_off": (503, "This server's clock is wrong; nothing was written."),
    "database_away": (503, "The database is away, or did not answer in time."),
    "database_read_only": (503, "The database cannot be written for the moment."),
    "busy": (503, "Somebody else is at it, and did not let go in time."),
}

# What pydantic calls it -> what we do. The rest is an invalid_value.
PYDANTIC = {
    "missing": "missing",
    "extra_forbidden": "unknown_field",
    "literal_error": "unknown_word",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
    "too_long": "too_many",
    "too_short": "too_many",
    "string_too_long": "too_many",
    "string_too_short": "too_many",
}
NEXT_STEPS = {
    "missing": "Send {field}.",
    "unknown_field": "Leave {field} out: there is no such field here (/docs lists them).",
}
HTTP_CODES = {
    404: "unknown_path",
    405: "method_not_allowed",
    413: "body_too_large",
    415: "wrong_content_type",
    429: LIMITED,
}
HTTP_DETAILS = {
    404: "There is nothing at this path; /docs lists every path.",
    405: "This path answers other methods, see Allow.",
    413: "Send a smaller body: at most 64 kB for a push or a mail and 256 kB elsewhere.",
    429: (
        "Wait as long as Retry-After says, then repeat the request, with the same"
        " Idempotency-Key if it had one."
    ),
}

UNREAD = {
    400: "bad_request",
    408: "too_slow",
    414: "head_too_large",
    431: "head_too_large",
    503: "busy",
}
"""Of requests that no view saw."""

AGAIN = "repeat the request shortly, with the same Idempotency-Key if it had one."
BUSY = ("busy", f"Too many want the same thing at once and nothing was written: {AGAIN}")
OUT: dict[Kind, tuple[str, str]] = {
    "away": ("database_away", f"The database is away for the moment: {AGAIN}"),
    "read_only": ("database_read_only", f"The database cannot be written for the moment: {AGAIN}"),
    "busy": BUSY,
    "again": BUSY,
}
