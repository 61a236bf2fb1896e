"""What a programme manager's text may hold: known tokens, and HTML that is only a text."""

import re
from collections.abc import Sequence
from html.parser import HTMLParser

from domain import mail_tokens
from domain.errors import Invalid
from domain.mail_safety import one_line

LONGEST_SUBJECT = 300
LONGEST_BODY = 60_000
MOST_NAMED = 5

# What runs, loads, submits, or hands the page to somebody else. Mail programs drop most of it; a preview may not.
_REFUSED = {
    *("script", "style", "link", "meta", "base", "template"),
    *("iframe", "frame", "frameset", "object", "embed", "applet", "svg", "math"),
    *("form", "input", "button", "select", "textarea"),
    *("img", "picture", "audio", "video", "source"),
}
_ALLOWED_IN_A_DOCUMENT = {"meta", "style"}
_LOADING = re.compile(r"url\s*\(|@import|expression\s*\(", re.IGNORECASE)
_SCHEMES = ("https://", "http://", "mailto:")


def check_text(subject: str, text: str, html: str | None = None) -> None:
    """Raises Invalid with the field (subject, text, html) for a text that no mail could be made of."""
    _check_lengths(subject, text, html or "")
    for name, value in (("subject", subject), ("text", text), ("html", html or "")):
        unknown = sorted(mail_tokens.asked(value) - set(mail_tokens.NAMES))
        if unknown:
            known, named = ", ".join(mail_tokens.NAMES), ", ".join(map(repr, unknown[:MOST_NAMED]))
            raise Invalid(name, "unknown_token", f"No token is called {named}; use {known}.")
    if html is not None:
        if _LOADING.search(html):
            raise Invalid("html", "refused_style", "Leave url(), @import and expression() out: nothing runs or loads.")
        page = _Page()
        page.feed(html)
        page.close()


def _check_lengths(subject: str, text: str, html: str) -> None:
    if not one_line(subject) or not text.strip():
        raise Invalid("subject" if text.strip() else "text", "empty", "Send a subject and a text, or neither.")
    for name, value, longest in (
        ("subject", subject, LONGEST_SUBJECT),
        ("text", text, LONGEST_BODY),
        ("html", html, LONGEST_BODY),
    ):
        if len(value) > longest:
            raise Invalid(name, "too_long", f"Send at most {longest} characters.")


class _Page(HTMLParser):
    """Raises Invalid at the first tag or attribute that is more than a text."""

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag in _REFUSED - _ALLOWED_IN_A_DOCUMENT or (tag == "meta" and any(n == "http-equiv" for n, _ in attrs)):
            raise Invalid("html", "refused_tag", f"Leave <{tag}> out: a mail is a text, without scripts or images.")
        for name, value in attrs:
            self._check_attribute(tag, name, value or "")

    def _check_attribute(self, tag: str, name: str, value: str) -> None:
        if name.startswith("on") or name in ("src", "srcset", "background", "formaction", "ping"):
            raise Invalid("html", "refused_attribute", f"Leave {name!r:.40} out of <{tag}>: nothing runs or loads.")
        asked = mail_tokens.asked(value)
        if asked and (name != "href" or not _is_one_link(value)):
            detail = f"In <{tag}>, a token may only be the whole of href, and only a link: {{{{my_page_url}}}}."
            raise Invalid("html", "token_in_attribute", detail)
        if name == "href" and not asked and not value.strip().lower().startswith(_SCHEMES):
            raise Invalid("html", "refused_link", f"Links begin with https://, http:// or mailto:, not {value!r:.40}.")


def _is_one_link(value: str) -> bool:
    value = value.strip()
    return value.startswith("{{") and value.endswith("}}") and value[2:-2].strip() in mail_tokens.LINKS
