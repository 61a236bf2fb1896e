"""Would a mail be taken? Everything up to its first recipient is tried, and nothing is sent."""

from collections.abc import Iterator

from workers.doctor.finding import Finding
from workers.mailer import MailError
from workers.mailer.smtp import SENDER, SmtpMailer
from workers.services import Services

WHERE = "start it, or correct host and port in COACHCAL_SMTP_URL"
LOGIN = "correct user and password in COACHCAL_SMTP_URL"
TLS = "see to its certificate and its name, or to tls= in COACHCAL_SMTP_URL"
NEXT_STEPS = {
    "connection refused": WHERE,
    "unreachable": WHERE,
    "timeout": WHERE,
    "cut": WHERE,
    "tls": TLS,
    "unsupported": LOGIN,
    **dict.fromkeys(("503", "530", "534", "535", "538"), LOGIN),  # RFC 4954
}


def look(services: Services) -> Iterator[Finding]:
    settings = services.settings
    if not isinstance(services.mailer, SmtpMailer):
        yield Finding("mail", f"none is sent: COACHCAL_MAILER is {settings.mailer}")
        return
    # Up to MAIL FROM, and no further: what a server says to a recipient it may count against us.
    try:
        services.mailer.look(settings.sender.mailbox.email)
    except MailError as error:
        yield Finding("mail", f"the server does not take it ({error.code})", _next_step(error.code))
    else:
        yield Finding("mail", "the server takes the login and the sender")


def _next_step(code: str) -> str:
    if code.startswith(SENDER):
        return "name a sender in COACHCAL_MAIL_FROM that this server takes from this user"
    return NEXT_STEPS.get(code, "ask whoever runs the server that COACHCAL_SMTP_URL names")
