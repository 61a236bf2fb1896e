"""What the sandbox refuses, in the protocol's way: a status, and a body only where Cronofy is known
to send one.

ProtocolError      any refusal of the imitated API
  invalid(...)     422 with an entry per field
ControlError       a wrong request to our own control API: says what to write instead
"""

from collections.abc import Mapping

DESCRIPTIONS = {
    "errors.required": "required",
    "errors.must_be_boolean": "must be a boolean value, either true or false",
    "errors.invalid_calendar_ids": "One or more of the calendar IDs provided was invalid",
    "errors.must_be_external_event_uid": "event uid must be a valid external event uid",
    "errors.duplicate_calendar_name": "A calendar with this name already exists"
    " and the provider does not allow duplicates",
}


class ProtocolError(Exception):
    """Answered with `status` and, when there is one, `body` as JSON; else with an empty body."""

    def __init__(self, status: int, body: Mapping[str, object] | None = None) -> None:
        super().__init__(f"{status} {body or ''}".strip())
        self.status = status
        self.body = body


class ControlError(Exception):
    """Answered with `status` and `{"error": …}`."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def invalid(**fields: str) -> ProtocolError:
    """422 in Cronofy's shape. `fields` gives a key like `errors.required` per field."""
    errors = {name: [_entry(name, key)] for name, key in fields.items()}
    return ProtocolError(422, {"errors": errors})


def missing(asked: Mapping[str, object], *names: str) -> dict[str, str]:
    """What `invalid` takes, for those that are not there or empty."""
    return {name: "errors.required" for name in names if not asked.get(name)}


def require(asked: Mapping[str, object], *names: str) -> None:
    """Raises ProtocolError 422 unless all are there."""
    if fields := missing(asked, *names):
        raise invalid(**fields)


def _entry(name: str, key: str) -> dict[str, str]:
    # The one field that Cronofy words differently.
    if (name, key) == ("summary", "errors.required"):
        return {"key": key, "description": "summary must be specified"}
    # Keys that nobody has seen a description of get their own words.
    words = key.removeprefix("errors.").replace("_", " ")
    return {"key": key, "description": DESCRIPTIONS.get(key, words)}
