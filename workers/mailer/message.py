"""A Mail as the bytes of one message (RFC 5322, MIME),
read back and compared with what was meant.
"""

from collections.abc import Iterator
from email import message_from_string, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from hashlib import sha256

from domain.mail import Mail
from domain.mail.invitations import Address
from workers.mailer import Unfaithful, headers
from workers.mailer.calendar_part import calendar

LONGEST_LINE = 998
"""RFC 5322 2.1.1."""
_IDENTIFIERS = ("In-Reply-To", "References")
"""Written as they are, however long: an encoded Message-ID is none."""
_READ = policy.SMTP.clone(raise_on_defect=True)


def build(mail: Mail) -> EmailMessage:
    """The message as a reader gets it: parsed from the very bytes that are sent.
    Raises Unfaithful.
    """
    read = message_from_string(serialise(mail).decode(), policy=policy.SMTP)
    assert isinstance(read, EmailMessage)  # noqa: S101 (that policy makes no other)
    return read


def serialise(mail: Mail) -> bytes:
    """Lines ended by CRLF, in ASCII but for an address that is not (RFC 6532): a server has to know
    SMTPUTF8 then.

    The same bytes whenever the mail is the same. Raises Unfaithful.
    """
    try:
        return _written(mail)
    # From the libraries, about a break, a defect or a character; its text quotes the mail
    except ValueError as error:
        failure = Unfaithful(f"the message cannot be written ({type(error).__name__})")
    raise failure


def _written(mail: Mail) -> bytes:
    invite = None
    if mail.invitation is not None:
        invite = calendar(mail.invitation)
    message = _alternatives(mail, invite)
    # Twice in one message, as Cronofy's own sample does it: some mail programs read the event from
    # an alternative of the text, others from an attachment only.
    if invite is not None:
        message = _with_attachment(message, invite)
    _finish(message, mail)
    written = message.as_bytes()
    _check(written, mail, invite)
    return written


def _headers(mail: Mail) -> Iterator[tuple[str, str]]:
    yield "From", headers.mailbox(mail.sender)
    yield "To", headers.mailbox(mail.to)
    yield "Subject", headers.text(mail.subject)
    yield "Date", format_datetime(mail.date)
    yield "Message-ID", mail.message_id
    yield "MIME-Version", "1.0"
    for name, value in mail.headers:
        if name in _IDENTIFIERS:
            yield name, value
        else:
            yield name, headers.text(value)


def _alternatives(mail: Mail, invite: bytes | None) -> EmailMessage:
    message = EmailMessage(headers.VERBATIM)
    message.set_content(_ended(mail.text), cte="quoted-printable")
    message.add_alternative(_ended(mail.html), subtype="html", cte="quoted-printable")
    if invite is not None and mail.invitation is not None:
        # RFC 6047 2.4: the method as in the calendar itself.
        parameters = {"charset": "utf-8", "method": mail.invitation.method}
        message.add_alternative(invite, maintype="text", subtype="calendar", params=parameters)
    return message


def _with_attachment(alternatives: EmailMessage, invite: bytes) -> EmailMessage:
    message = EmailMessage(headers.VERBATIM)
    message.make_mixed()
    message.attach(alternatives)
    message.add_attachment(invite, maintype="application", subtype="ics", filename="invite.ics")
    return message


def _finish(message: EmailMessage, mail: Mail) -> None:
    """Boundaries and headers."""
    # `=_` can be in neither quoted-printable nor base64 (RFC 2045 6.7), so no text can end its part
    # early.
    name = sha256(mail.message_id.encode()).hexdigest()[:24]
    for number, part in enumerate(message.walk()):
        del part["MIME-Version"]
        if part.is_multipart():
            part.set_boundary(f"=_{name}_{number}")
    for header, value in _headers(mail):
        message[header] = value


def _check(written: bytes, mail: Mail, invite: bytes | None) -> None:
    # As text: of bytes the library takes the letters of an address for no letters at all.
    read = message_from_string(written.decode(), policy=_READ)
    names = [name for name, _ in _headers(mail)]
    # All of them and in their order: one header more may be somebody's second recipient.
    if read.keys() != ["Content-Type", *names]:
        raise Unfaithful("the message has headers that were not meant, or lacks some")
    meant = {"Subject": mail.subject, "Message-ID": mail.message_id, **dict(mail.headers)}
    for name, value in meant.items():
        if str(read[name]) != value:
            raise Unfaithful("a header reads back as something else")
    for name, address in (("From", mail.sender), ("To", mail.to)):
        _check_address(written, read, name, address)
    _check_parts(read, mail, invite)
    _check_lines(written, mail)


def _check_lines(written: bytes, mail: Mail) -> None:
    # Only an address may have letters beyond ASCII: everything else is encoded.
    rest = written
    for address in (mail.sender, mail.to):
        if not address.email.isascii():
            rest = rest.replace(address.email.encode(), b"")
    lines = written.split(b"\r\n")
    # A lone CR or LF is a line end to some servers, and begins a second message to a few.
    whole = b"".join(lines)
    if not rest.isascii() or b"\r" in whole or b"\n" in whole:
        raise Unfaithful("the message is not made of ASCII lines")
    if max(map(len, lines)) > LONGEST_LINE:
        raise Unfaithful("a line of the message is too long")


def _check_address(written: bytes, read: EmailMessage, name: str, meant: Address) -> None:
    """By both readers of the library, the strict one and the lenient one:
    they have disagreed before.
    """
    strict = [each.addr_spec for each in read[name].addresses]
    raw = message_from_string(written.decode(), policy=policy.compat32)[name].replace("\r\n", "")
    lenient = getaddresses([raw])
    if strict != [meant.email] or len(lenient) != 1:
        raise Unfaithful(f"the addresses in {name} read back as others")
    shown, email = lenient[0]
    if (str(make_header(decode_header(shown))), email) != (meant.name, meant.email):
        raise Unfaithful(f"the addresses in {name} read back as others")


def _check_parts(read: EmailMessage, mail: Mail, invite: bytes | None) -> None:
    meant = [("text/plain", _crlf(mail.text)), ("text/html", _crlf(mail.html))]
    if invite is not None:
        meant += [("text/calendar", invite), ("application/ics", invite)]
    found = []
    for part in read.walk():
        if not part.is_multipart():
            found.append((part.get_content_type(), part.get_payload(decode=True)))
    if found != meant:
        raise Unfaithful("a part of the message reads back as something else")


def _ended(text: str) -> str:
    if text.endswith("\n"):
        return text
    return f"{text}\n"


def _crlf(text: str) -> bytes:
    return _ended(text).replace("\n", "\r\n").encode()
