"""Custom HTML of a mail: an allow-list sanitiser on the parser of the HTML standard (nh3), which
browsers agree with.

`check` tells an author what a text may not hold; `clean` makes the part that is mailed and shown.
What is mailed is always cleaned, whatever was checked, or stored by an earlier release.
"""

import re

import nh3

from domain.errors import Invalid
from domain.mail import tokens
from domain.mail.html_rules import (
    ATTRIBUTES,
    IGNORED_TAGS,
    KNOWN_SCHEMES,
    PROPERTIES,
    REFUSED_TAGS,
    SCHEMES,
    TEXT_TAGS,
)

_TAG = re.compile(r"<([a-z][a-z0-9]*)")
_ESCAPED = re.compile(r"url\s*\(|[\\@<]|/\*|expression\s*\(|-moz-binding", re.IGNORECASE)


def clean(html: str) -> str:
    """The HTML as a part of a page: nothing in it runs, loads or submits.
    Tokens stand where they stood.
    """
    return nh3.clean(
        html,
        tags=TEXT_TAGS,
        clean_content_tags=(REFUSED_TAGS - {"body"}) | IGNORED_TAGS,
        attributes={"*": ATTRIBUTES, "a": {"href"}},
        attribute_filter=_kept,
        filter_style_properties=PROPERTIES,
        url_schemes=SCHEMES,
        url_relative=_only_a_link_token,
        link_rel=None,
    )


def check(html: str) -> None:
    """Raises Invalid, with a code and the next step, for what `clean` would leave out."""
    found: list[tuple[str, str, str]] = []

    def note(tag: str, name: str, value: str) -> str:
        found.append((tag, name, value))
        return value

    # The parser writes down the page as a browser sees it:
    # each tag and each attribute is plain to see there.
    seen = nh3.clean(
        html,
        tags=TEXT_TAGS | REFUSED_TAGS | IGNORED_TAGS,
        clean_content_tags=set(),
        generic_attribute_prefixes={""},
        attribute_filter=note,
        url_schemes=KNOWN_SCHEMES,
        link_rel=None,
    )
    for tag in _TAG.findall(seen):
        if tag in REFUSED_TAGS:
            detail = (
                f"Leave <{tag}> out: a mail is a text, without scripts, images or style sheets."
            )
            raise Invalid("html", "refused_tag", detail)
    for tag, name, value in found:
        _check_attribute(tag, name, value)


def _kept(tag: str, name: str, value: str) -> str | None:
    try:
        _check_attribute(tag, name, value)
    except Invalid:
        return None
    return value


def _only_a_link_token(url: str) -> str | None:
    if _is_one_link(url):
        return url
    return None


def _check_attribute(tag: str, name: str, value: str) -> None:
    if name == "href" and tag == "a":
        _check_link(value)
        return
    if name not in ATTRIBUTES:
        detail = f"Leave {name!r:.40} out of <{tag}>: nothing runs or loads."
        raise Invalid("html", "refused_attribute", detail)
    if tokens.asked(value):
        raise _misplaced(tag)
    if name == "style":
        _check_style(value)


def _check_link(value: str) -> None:
    if tokens.asked(value):
        if not _is_one_link(value):
            raise _misplaced("a")
        return
    scheme, colon, _ = value.strip().lower().partition(":")
    if not colon or scheme not in SCHEMES:
        detail = f"Links begin with https://, http:// or mailto:, not {value!r:.40}."
        raise Invalid("html", "refused_link", detail)


def _check_style(value: str) -> None:
    """Every declaration is of a known property, and says it without escapes:
    browsers read `ur\\6c(` as `url(`.
    """
    if _ESCAPED.search(value):
        detail = (
            "Leave url(), @import, expression(), comments and escapes out of styles: nothing"
            " runs or loads."
        )
        raise Invalid("html", "refused_style", detail)
    for declaration in value.split(";"):
        name = declaration.partition(":")[0].strip().lower()
        if name and name not in PROPERTIES:
            known = ", ".join(sorted(PROPERTIES))
            raise Invalid(
                "html", "refused_style", f"Leave the property {name!r:.40} out; there are: {known}."
            )


def _misplaced(tag: str) -> Invalid:
    detail = (
        f"In <{tag}>, a token may only be the whole of href, and only a link: {{{{my_page_url}}}}."
    )
    return Invalid("html", "token_in_attribute", detail)


def _is_one_link(value: str) -> bool:
    value = value.strip()
    return value.startswith("{{") and value.endswith("}}") and value[2:-2].strip() in tokens.LINKS
