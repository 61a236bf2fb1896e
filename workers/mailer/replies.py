"""What a server's replies mean: whose trouble is it, and may the same mail go well later?

| the reply speaks of | fate | MailError |
| --- | --- | --- |
| a mailbox that does not exist: 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10, 5.2.1 | withheld | permanent,
    address |
| size or content: 5.3.4, 5.6.x, 552 to a size | dead, this mail alone | permanent, message |
| this address or mail, just now: 4yz, x.2.2, other 5.1.x, 5.2.x, 5.4.1 | later | address, message |
| us, the server, a policy, a list: 421, 5.1.7, 5.1.8, 5.3 to 5.5, 5.7 | trouble of the mailer |
    server |

The codes are those of RFC 3463 and its registry (RFC 5248, 6531, 7372, 7505). Without one, the text
decides, and only 550, 551 or 553 to RCPT can say that there is no mailbox: by itself, or in words.
Of doubtful replies the more hopeful reading counts: a mail that is tried once too often costs a
connection, a person who is never written to again costs a session. What is said to MAIL, and before
it, is about us, unless it is about the size or the kind of this very mail.
"""

import re
import smtplib
import ssl
from typing import Literal

from domain.mail.safety import one_line, without_addresses
from workers.mailer import About, MailError
from workers.mailer.reply_words import (
    BROKEN,
    FULL,
    HURRIED,
    PASSING,
    SENDER,
    SIZE,
    ReplyWords,
    parts_of,
)

Stage = Literal["MAIL", "MAIL SIZE", "RCPT", "DATA"]
"""What was answered. MAIL SIZE: MAIL that said how large the message is (RFC 1870)."""
Fate = Literal["withheld", "dead", "later", "trouble"]

TOO_LARGE = 552
LONGEST_REPLY = 200
MOST_READ = 2_000
"""Bytes of a reply: a server may send lines without end."""
_BEFORE_RCPT = ("MAIL", "MAIL SIZE")
_GOING_DOWN = 421
_NOT_LOGGED_IN = (503, 530, 534, 535, 538)
_ABOUT_THE_MAIL = range(550, 557)
_NO_MAILBOX = (550, 551, 553)

# By subject and detail, class 5; what is not here goes by its subject. 5.4.1 is what Microsoft 365
# says of one unknown address, not of the network.
_BY_CODE: dict[tuple[int, int], Fate] = {
    (1, 1): "withheld",  # bad destination mailbox
    (1, 2): "withheld",  # bad destination system
    (1, 3): "withheld",  # bad destination syntax
    (1, 6): "withheld",  # it has moved, no forwarding
    (1, 7): "trouble",  # bad sender syntax
    (1, 8): "trouble",  # bad sender system
    (1, 10): "withheld",  # its domain takes no mail (RFC 7505)
    (2, 1): "withheld",  # disabled
    (3, 4): "dead",  # too big for the system
    (4, 1): "later",
}
# 0, "other", decides nothing: the text does then.
_BY_SUBJECT: dict[int, Fate] = {
    1: "later",
    2: "later",
    3: "trouble",
    4: "trouble",
    5: "trouble",
    6: "dead",
    7: "trouble",
}
_UNDECIDED = ((1, 0),)
_MOST_HOPEFUL: tuple[Fate, ...] = ("trouble", "later", "dead", "withheld")

_STATUS = r"([245])\.(\d{1,3})\.(\d{1,3})(?![.\d])"
# At the start of each line (RFC 2034), or as qmail writes it: "no mailbox here by that name
# (#5.1.1)".
_ENHANCED = re.compile(rf"^\s*{_STATUS}|#{_STATUS}", re.MULTILINE)


def refusal(
    code: int, said: bytes, stage: Stage, *, sender: str = "", recipient: str = ""
) -> MailError:
    """The error for a reply that did not accept;
    `said`: its text, lines parted by LF, without codes.
    """
    if not 400 <= code <= 599:  # no answer that SMTP knows
        return MailError(str(code), permanent=False, about="server", unsure=stage == "DATA")
    fate_is = fate(code, said, stage, sender=sender, recipient=recipient)
    return MailError(
        str(code),
        permanent=fate_is in ("dead", "withheld"),
        about=_about(fate_is, stage),
        enhanced=_first_status(_text(said)),
        reply=readable(code, said, recipient),
    )


def _about(fate_is: Fate, stage: Stage) -> About:
    if fate_is == "trouble":
        return "server"
    if fate_is == "withheld":
        return "address"
    if fate_is == "dead" or stage == "DATA":
        return "message"
    return "address"


def fate(code: int, said: bytes, stage: Stage, *, sender: str = "", recipient: str = "") -> Fate:
    """What becomes of a mail that got this 4yz or 5yz;
    the sender's and recipient's addresses are ours.
    """
    found = _of_reply(code, _text(said), stage, sender=sender, recipient=recipient)
    # Before there was a recipient nothing can be said of one.
    if stage in _BEFORE_RCPT and found != "dead":
        return "trouble"
    return found


def _of_reply(code: int, text: str, stage: Stage, *, sender: str, recipient: str) -> Fate:
    if code == _GOING_DOWN or code in _NOT_LOGGED_IN:
        return "trouble"
    kinds, statuses = _statuses(text)
    # A code that contradicts its reply promises nothing: it may pass.
    if code < 500 or kinds - {5}:
        return "later"
    words = ReplyWords(text.lower(), sender.lower(), recipient.lower())
    found = _by_statuses(statuses)
    if found is None:
        return _by_text(code, words, stage, coded=bool(statuses))
    if found == "withheld":
        return _unless_contradicted(words)
    return found


def _unless_contradicted(words: ReplyWords) -> Fate:
    """What becomes of a code for "no such mailbox", by the text beside it."""
    # Servers look the sender up too, and say 5.1.1 of it: "<us>: sender address rejected: user
    # unknown". Taken for the recipient's, it would withhold everybody's mails.
    if words.name_sender or words.say(SENDER):
        return "trouble"
    if words.say(HURRIED):
        return "later"
    # A server that has one code for all that it refuses.
    if words.speak_of_us and not words.say_nobody:
        return "trouble"
    return "withheld"


def _statuses(text: str) -> tuple[set[int], list[tuple[int, int]]]:
    """The classes of a reply's enhanced codes, and (subject, detail) of each."""
    kinds, statuses = set(), []
    for found in _ENHANCED.finditer(text):
        kind, subject, detail = map(int, filter(None, found.groups()))
        kinds.add(kind)
        statuses.append((subject, detail))
    return kinds, statuses


def _by_statuses(statuses: list[tuple[int, int]]) -> Fate | None:
    """None: they say nothing. Of several that differ, the most hopeful."""
    fates = set()
    for status in statuses:
        if status not in _UNDECIDED:
            fates.add(_BY_CODE.get(status, _BY_SUBJECT.get(status[0])))
    # A reply of several lines may carry a code on each: what is told first need not be the cause.
    for fate_is in _MOST_HOPEFUL:
        if fate_is in fates:
            return fate_is
    return None


def _by_text(code: int, words: ReplyWords, stage: Stage, *, coded: bool) -> Fate:
    """What the words mean, in the order of hope: a full mailbox may be emptied, and what is said
    against us is no word about the recipient.
    """
    if stage in _BEFORE_RCPT:
        if stage == "MAIL SIZE" and code == TOO_LARGE:
            return "dead"
        return "trouble"
    if words.say(FULL):
        return "later"
    if words.speak_of_us:
        return "trouble"
    if code not in _ABOUT_THE_MAIL:
        return "trouble"
    if words.say(PASSING):
        return "later"
    if stage == "DATA" or words.say(SIZE):
        return "dead"
    # A code that we do not know is still a code: its server would have said 5.1.1 if it meant that.
    if code in _NO_MAILBOX and not coded:
        return _nobody_or_broken(words)
    return "later"


def _nobody_or_broken(words: ReplyWords) -> Fate:
    if words.are_none or words.say_nobody:
        return "withheld"
    if words.say(BROKEN):
        return "trouble"
    return "later"


def readable(code: int, said: bytes, recipient: str) -> str:
    """The reply as one line for people to read, without any address."""
    text = without_addresses(_text(said), *parts_of(recipient))
    return one_line(f"{code} {text}", LONGEST_REPLY)


def disconnected(
    error: Exception,
    *,
    late: bool,
    handed_over: bool = False,
    sender: str = "",
    recipient: str = "",
) -> MailError:
    """The error for what smtplib or the network raised;
    `handed_over`: while the server had the message to answer.
    """
    # smtplib raises this one itself, when a server refuses DATA before it has seen the message.
    if isinstance(error, smtplib.SMTPDataError):
        said = error.smtp_error
        if isinstance(said, str):
            said = said.encode()
        return refusal(error.smtp_code, said, "DATA", sender=sender, recipient=recipient)
    return MailError(_word(error, late=late), permanent=False, about="server", unsure=handed_over)


def _word(error: Exception, *, late: bool) -> str:
    if late or isinstance(error, TimeoutError):
        return "timeout"
    if isinstance(error, ssl.SSLError):
        return "tls"
    if isinstance(error, smtplib.SMTPResponseException):
        return str(error.smtp_code)
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return "cut"
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return "unsupported"  # no way to log in, or a password that is not ASCII
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    return "unreachable"


def _text(said: bytes) -> str:
    return said[:MOST_READ].decode(errors="replace")


def _first_status(text: str) -> str | None:
    found = _ENHANCED.search(text)
    if found is None:
        return None
    return ".".join(filter(None, found.groups()))
