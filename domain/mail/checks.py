"""What a programme manager's text may hold: known tokens, and HTML that is only a text."""

from domain.errors import Invalid
from domain.mail import html as mail_html
from domain.mail import tokens
from domain.mail.safety import one_line

LONGEST_SUBJECT = 300
LONGEST_BODY = 60_000
MOST_NAMED = 5


def check_text(subject: str, text: str, html: str | None = None) -> None:
    """Raises Invalid with the field (subject, text, html) for a text
    that no mail could be made of.
    """
    _check_lengths(subject, text, html or "")
    for name, value in (("subject", subject), ("text", text), ("html", html or "")):
        unknown = sorted(tokens.asked(value) - set(tokens.NAMES))
        if unknown:
            known, named = ", ".join(tokens.NAMES), ", ".join(map(repr, unknown[:MOST_NAMED]))
            raise Invalid(name, "unknown_token", f"No token is called {named}; use {known}.")
        for single in sorted(tokens.in_single_braces(value)):
            detail = f"Write {{{{{single}}}}}: {{{single}}} would be sent as it stands."
            raise Invalid(name, "single_brace", detail)
    if html is not None:
        mail_html.check(html)


def _check_lengths(subject: str, text: str, html: str) -> None:
    # An HTML of its own may be none at all: then one is made of the text.
    for name, value in (("text", text), ("subject", subject), ("html", html or text)):
        if not one_line(value):
            raise Invalid(name, "empty", "Send a subject and a text, or neither.")
    for name, value, longest in (
        ("subject", subject, LONGEST_SUBJECT),
        ("text", text, LONGEST_BODY),
        ("html", html, LONGEST_BODY),
    ):
        if len(value) > longest:
            raise Invalid(name, "too_long", f"Send at most {longest} characters.")
