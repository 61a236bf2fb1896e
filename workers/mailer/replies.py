"""What a server's replies mean: may the same mail go well later, and whose fault was it?

| reply | to | permanent | about |
| --- | --- | --- | --- |
| 4xx, no answer | anything | no | server (address, for RCPT: greylisting, a full mailbox) |
| 552 | MAIL with a SIZE | yes | message: the server never takes one so large (RFC 1870, 6.1) |
| 5xx | greeting, TLS, AUTH, MAIL | no | server: our settings are wrong, and a person will repair them |
| 530, 534, 535, 538, 503 | RCPT, DATA | no | server: the same, told late |
| 5xx, 5.7.x | RCPT | yes | message: a policy of theirs, not an address that does not exist (RFC 3463) |
| 5xx | RCPT | yes | address |
| 5xx | DATA | yes | message |
"""

import re
import smtplib
import ssl

from workers.mailer import About, MailError

TOO_LARGE = 552
NOT_LOGGED_IN = (503, 530, 534, 535, 538)
_POLICY = re.compile(rb"5\.7\.\d")


def refusal(code: int, said: bytes, about: About) -> MailError:
    """The error for a reply to RCPT (`about` the address) or DATA (the message)."""
    if not 400 <= code <= 599:  # no answer that SMTP knows
        return MailError(str(code), permanent=False, about="server", unsure=about == "message")
    if code in (421, *NOT_LOGGED_IN):
        return MailError(str(code), permanent=False, about="server")
    if code < 500:
        return MailError(str(code), permanent=False, about=about)
    return MailError(str(code), permanent=True, about="message" if _POLICY.match(said) else about)


def disconnected(error: Exception, *, late: bool, handed_over: bool = False) -> MailError:
    """The error for what smtplib or the network raised; `handed_over`: while the server had the message to answer."""
    if isinstance(error, smtplib.SMTPDataError):
        said = error.smtp_error
        return refusal(error.smtp_code, said if isinstance(said, bytes) else said.encode(), "message")
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
    return "unreachable"
