"""The envelope, checked before any mailer acts on it.

smtplib would read a recipient such as `a@x.example>, <b@x.example` its own way, and send to
whomever it found there.
"""

from collections.abc import Mapping, Sequence

from domain.errors import Invalid
from domain.mail.safety import mail_address
from workers.mailer import About, MailError


def check(sender: str, recipients: Sequence[str]) -> None:
    """Raises MailError for an address that is not exactly one plain address."""
    _check(sender, "server")
    for recipient in recipients:
        _check(recipient, "address")


def failure(refused: Mapping[str, MailError]) -> MailError:
    """The error for a message of which these recipients were refused:
    as hopeful as the most hopeful of them.
    """
    # One that may pass later decides: given up for good, the mail would be lost to that person too.
    best = min(refused.values(), key=lambda error: error.permanent)
    return MailError(
        best.code,
        permanent=best.permanent,
        about=best.about,
        refused=refused,
        enhanced=best.enhanced,
        reply=best.reply,
    )


def _check(address: str, about: About) -> None:
    try:
        plain = mail_address("envelope", address) == address
    except Invalid:
        plain = False
    # Never permanent for the sender: that is a setting, which somebody corrects.
    if not plain:
        raise MailError("not_an_address", permanent=about == "address", about=about)
