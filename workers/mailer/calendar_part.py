"""An Invitation as iCalendar text, read back before anybody gets it.

The quirks of the library that are kept away: it writes VT, NEL and U+2028 as they are, at which
other programs break lines (`domain.mail.safety` took them out); it takes `\\N` in a name for a line
break; it writes a double quote in a parameter as RFC 6868 says, which Outlook shows as `^'`.
"""

from datetime import datetime

from icalendar import Calendar, Event, vCalAddress, vDatetime, vText, vUri

from domain.mail.invitations import Address, Conference, Invitation
from domain.mail.safety import mailto
from workers.mailer import Unfaithful

PRODUCT = "-//coachcal//sessions//EN"
LONGEST_LINE = 75
"""Octets, without the line break: RFC 5545 3.1."""


def calendar(invitation: Invitation) -> bytes:
    """One VCALENDAR with one VEVENT, in UTF-8, lines ended by CRLF. Raises Unfaithful."""
    whole = Calendar()
    for name, value in (
        ("PRODID", PRODUCT),
        ("VERSION", "2.0"),
        ("CALSCALE", "GREGORIAN"),
        ("METHOD", invitation.method),
    ):
        whole.add(name, value)
    event = _event(invitation)
    whole.add_component(event)
    written: bytes = whole.to_ical(sorted=False)
    _check(written, invitation, event)
    return written


def _event(invitation: Invitation) -> Event:
    event = Event()
    # By these two a mail program knows that it is the same session, and which word is the last.
    event.add("UID", invitation.uid)
    event.add("SEQUENCE", invitation.sequence)
    for name, moment in (
        ("DTSTAMP", invitation.dtstamp),
        ("DTSTART", invitation.starts),
        ("DTEND", invitation.ends),
    ):
        event[name] = vDatetime(moment)
    event["ORGANIZER"] = _person(invitation.organizer)
    # RFC 5545 3.2.12: who has not answered is never said to have accepted, though they booked it
    # themselves; a calendar program would show an answer that nobody gave.
    event["ATTENDEE"] = _person(
        invitation.attendee, ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="FALSE"
    )
    texts = (
        ("SUMMARY", invitation.summary),
        ("DESCRIPTION", invitation.description),
        ("LOCATION", invitation.location),
        ("STATUS", invitation.status or ""),
    )
    for name, text in texts:
        if text:
            event[name] = vText(_plain(text))
    if invitation.url:
        event.add("URL", invitation.url)
    if invitation.conference is not None:
        event["CONFERENCE"] = _conference(invitation.conference)
    return event


def _conference(conference: Conference) -> vUri:
    uri = vUri(conference.uri)
    # Without VALUE its value would be a text, with the escapes of one (RFC 7986, 5.11).
    uri.params["VALUE"] = "URI"
    uri.params["FEATURE"] = list(conference.features)
    return uri


def _person(address: Address, **parameters: str) -> vCalAddress:
    person = vCalAddress(mailto(address.email))
    if address.name:
        # A caret begins the escapes of RFC 6868, which the library would read back as others.
        person.params["CN"] = _plain(address.name).replace('"', "'").replace("^", "'")
    person.params.update(parameters)
    return person


def _plain(text: str) -> str:
    # The library takes a backslash and an N for a line break, also in what a person is called.
    return text.replace("\\", "/")


def _check(written: bytes, invitation: Invitation, event: Event) -> None:
    """The lines are those that were meant and no others,
    and read back with the values that were meant.
    """
    _check_lines(written.decode(), event)
    (read,) = Calendar.from_ical(written).events
    meant: tuple[tuple[str, object], ...] = (
        ("UID", invitation.uid),
        ("SEQUENCE", invitation.sequence),
        ("ORGANIZER", mailto(invitation.organizer.email)),
        ("ATTENDEE", mailto(invitation.attendee.email)),
        ("SUMMARY", _plain(invitation.summary)),
    )
    meant += _whereabouts(invitation)
    for name, value in meant:
        if read[name] != value:
            raise Unfaithful("the calendar reads back with other values")
    instants = (
        ("DTSTAMP", invitation.dtstamp),
        ("DTSTART", invitation.starts),
        ("DTEND", invitation.ends),
    )
    for name, moment in instants:
        if _instant(read, name) != moment.replace(microsecond=0):
            raise Unfaithful("the calendar reads back with other values")


def _whereabouts(invitation: Invitation) -> tuple[tuple[str, object], ...]:
    """Only what there is: a reader of RFC 5545 takes an empty LOCATION for a place."""
    found: list[tuple[str, object]] = []
    if invitation.location:
        found.append(("LOCATION", _plain(invitation.location)))
    if invitation.url:
        found.append(("URL", invitation.url))
    if invitation.conference is not None:
        found.append(("CONFERENCE", invitation.conference.uri))
    return tuple(found)


def _check_lines(text: str, event: Event) -> None:
    lines = text.split("\r\n")
    for line in lines:
        if len(line.encode()) > LONGEST_LINE:
            raise Unfaithful("a calendar line is longer than 75 octets")
    names = []
    for line in text.replace("\r\n ", "").split("\r\n"):
        names.append(line.partition(":")[0].partition(";")[0])
    head = ["BEGIN", "PRODID", "VERSION", "CALSCALE", "METHOD", "BEGIN"]
    properties = [name.upper() for name in event]
    if names != [*head, *properties, "END", "END", ""]:
        raise Unfaithful("the calendar has lines that were not meant")
    # `splitlines` breaks where other programs do, at VT, NEL and U+2028 as well.
    if text.splitlines() != lines[:-1]:
        raise Unfaithful("the calendar has lines that were not meant")


def _instant(event: Event, name: str) -> datetime:
    moment = event.decoded(name)
    assert isinstance(moment, datetime)  # noqa: S101 (it was written as one)
    return moment
