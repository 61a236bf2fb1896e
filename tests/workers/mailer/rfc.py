"""What RFC 5545 and RFC 5546 ask of an invitation, checked line by line and sharing no code with
what writes it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

UTC_STAMP = re.compile(r"\d{8}T\d{6}Z")
# A parameter has a value, or several with commas between them (RFC 5545, 3.2).
VALUE = r'(?:"[^"]*"|[^";:,]*)'
LINE = re.compile(
    rf"(?P<name>[A-Z-]+)(?P<parameters>(?:;[A-Z-]+={VALUE}(?:,{VALUE})*)*):(?P<value>.*)"
)
# RFC 5545 3.3.11: in TEXT, a comma, a semicolon and a backslash are escaped; nothing else is.
TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,nN])*")


@dataclass(frozen=True)
class Line:
    name: str
    parameters: str
    value: str


def problems(calendar: bytes) -> list[str]:
    """Each rule that is broken, by its section; nothing for a good one."""
    raw = calendar.decode("utf-8")
    return [*_of_lines(raw), *_of_events(lines(calendar))]


def lines(calendar: bytes) -> list[Line]:
    unfolded = calendar.decode("utf-8").replace("\r\n ", "").replace("\r\n\t", "")
    found = [LINE.fullmatch(line) for line in unfolded.split("\r\n")[:-1]]
    return [Line(match["name"], match["parameters"], match["value"]) for match in found if match]


def _of_lines(raw: str) -> Iterator[str]:
    physical = raw.split("\r\n")
    if physical[-1] != "" or "\n" in "".join(physical) or "\r" in "".join(physical):
        yield "3.1: lines end with CRLF"
    if any(len(line.encode()) > 75 for line in physical):
        yield "3.1: a line is longer than 75 octets"
    if re.search(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f\x85\u2028\u2029]", raw):
        yield "3.1: a control character or a line separator"
    unfolded = raw.replace("\r\n ", "").split("\r\n")[:-1]
    if not all(LINE.fullmatch(line) for line in unfolded):
        yield "3.1: not a content line"


def _of_events(found: list[Line]) -> Iterator[str]:
    values = {line.name: line.value for line in found}
    names = [line.name for line in found]
    for name in (
        "PRODID",
        "VERSION",
        "METHOD",
        "UID",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SEQUENCE",
        "ORGANIZER",
        "ATTENDEE",
    ):
        if names.count(name) != 1:
            yield f"3.6, 5546 3.2: {names.count(name)} of {name}"
    yield from _of_nesting(found)
    for name in ("DTSTAMP", "DTSTART", "DTEND"):
        if not UTC_STAMP.fullmatch(values[name]):
            yield f"3.3.5 form 2, 3.8.7.2: {name} is not in UTC"
    if not values["DTSTART"] < values["DTEND"]:
        yield "3.8.2.2: it ends before it starts"
    if not values["ORGANIZER"].startswith("mailto:") or not values["ATTENDEE"].startswith(
        "mailto:"
    ):
        yield "3.3.3: not a calendar address"
    if any(not TEXT.fullmatch(values.get(name, "")) for name in ("SUMMARY", "DESCRIPTION")):
        yield "3.3.11: TEXT is not escaped"
    yield from _of_methods(values, names)


def _of_nesting(found: list[Line]) -> Iterator[str]:
    names = [line.name for line in found]
    if [names[0], names[-1], found[0].value, found[-1].value] != [
        "BEGIN",
        "END",
        "VCALENDAR",
        "VCALENDAR",
    ]:
        yield "3.4: not one VCALENDAR"
    if [line.value for line in found if line.name == "BEGIN"] != ["VCALENDAR", "VEVENT"]:
        yield "3.6: not one VEVENT in one VCALENDAR"
    if [line.value for line in found if line.name == "VERSION"] != ["2.0"]:
        yield "3.7.4: VERSION"


def _of_methods(values: dict[str, str], names: list[str]) -> Iterator[str]:
    if values["METHOD"] == "REQUEST" and values.get("STATUS") not in (
        None,
        "CONFIRMED",
        "TENTATIVE",
    ):
        yield "5546 3.2.2: STATUS of a REQUEST"
    if values["METHOD"] == "REQUEST" and names.count("SUMMARY") != 1:
        yield "5546 3.2.2: SUMMARY"
    if values["METHOD"] == "CANCEL" and values.get("STATUS") not in (None, "CANCELLED"):
        yield "5546 3.2.5: STATUS of a CANCEL"
    if values["METHOD"] not in ("REQUEST", "CANCEL"):
        yield "5546 1.4: METHOD"
