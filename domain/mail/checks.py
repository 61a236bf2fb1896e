"""What a programme manager's text may hold: known tokens, and HTML that is only a text."""

from collections.abc import Iterator

from domain.errors import Invalid, wrong_by
from domain.mail import html as mail_html
from domain.mail import tokens
from domain.mail.safety import one_line

LONGEST_SUBJECT = 300
LONGEST_BODY = 60_000
MOST_NAMED = 5


def wrong_texts(subject: str, text: str, html: str | None = None) -> Iterator[Invalid]:
    """Invalid for each field (subject, text, html) that no mail could be made of: one for each."""
    yield from wrong_by(_check_part, "text", text, LONGEST_BODY)
    yield from wrong_by(_check_part, "subject", subject, LONGEST_SUBJECT)
    # An HTML of its own may be none at all: then one is made of the text.
    if html:
        yield from wrong_by(_check_html, html)


def _check_html(html: str) -> None:
    _check_part("html", html, LONGEST_BODY)
    mail_html.check(html)


def _check_part(name: str, value: str, longest: int) -> None:
    if not one_line(value):
        raise Invalid(name, "empty", "Send a subject and a text, or neither.")
    if len(value) > longest:
        raise Invalid(name, "too_long", f"Send at most {longest} characters.")
    unknown = sorted(tokens.asked(value) - set(tokens.NAMES))
    if unknown:
        known, named = ", ".join(tokens.NAMES), ", ".join(map(repr, unknown[:MOST_NAMED]))
        raise Invalid(name, "unknown_token", f"No token is called {named}; use {known}.")
    for single in sorted(tokens.in_single_braces(value)):
        detail = f"Write {{{{{single}}}}}: {{{single}}} would be sent as it stands."
        raise Invalid(name, "single_brace", detail)
