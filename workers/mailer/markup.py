"""Default texts are written once, in a small markup, and become a text and a page that cannot
disagree.

    # A heading
    | Label | value           a detail; these and the links are left out when one of their tokens
                              has no value
    [label]({{my_page_url}})  a link that looks like a button
    ~ small print, as above
    anything else             a paragraph; an empty line begins the next

Styles are inline, colours are the reader's own: a mail that sets neither a background nor a text
colour is dark where its reader likes it dark. The button brings both along, white on #1d4ed8 or
what the brand says; its border stands in for a padding that Outlook ignores.
"""

import re
from collections.abc import Collection, Iterator
from html import escape

from domain.brands import USUAL, Brand, on
from domain.mail.tokens import LINKS, asked

PARAGRAPH = '<p style="margin:0 0 16px">{}</p>'
SMALL = '<p style="margin:24px 0 0;font-size:14px">{}</p>'
HEADING = '<h1 style="margin:0 0 16px;font-size:24px;line-height:1.25;font-weight:700">{}</h1>'
# A table, because Outlook drops the spacing of a list of terms. Label above value: "Teilnehmende
# Person" fits a phone.
DETAILS = (
    '<table role="presentation" width="100%" cellpadding="0" cellspacing="0"'
    ' style="margin:0 0 16px;width:100%;border:1px solid #808080;border-radius:8px;'
    'border-collapse:separate;border-spacing:0;padding:10px 16px">{}</table>'
)
DETAIL = (
    '<tr><td style="padding:6px 0">'
    '<strong style="font-size:14px;font-weight:700">{}</strong><br>{}</td></tr>'
)
BUTTON = (
    '<p style="margin:0 0 16px"><a href="{url}"'
    ' style="display:inline-block;background-color:{colour};color:{ink};'
    "border-style:solid;border-color:{colour};border-width:12px"
    " 24px;border-radius:6px;font-weight:700;"
    'text-decoration:none">{label}</a></p>'
)
# Black on white in the dark too: most logos are made for a light page, and so stands their name
# where no picture is loaded.
LOGO = (
    '<p style="margin:0 0 24px"><img src="{}" alt="{}" width="{}" height="{}" style="border:0;'
    'background-color:#ffffff;color:#000000;padding:4px;border-radius:4px"></p>\n'
)
LINK = '<a href="{{{{{0}}}}}" style="overflow-wrap:anywhere">{{{{{0}}}}}</a>'

_PLACE = re.compile(r"\{\{\s*place\s*\}\}")

WHEN = "{{start_date}}, {{start_time}} – {{end_time}}, {{zone}}"

_OPTIONAL = re.compile(r"\[([^\]]*)\]")
_BUTTON = re.compile(r"\[(?P<label>[^\]]+)\]\((?P<url>[^)]+)\)")
_TOKEN_LINK = re.compile(r"\{\{\s*(" + "|".join(LINKS) + r")\s*\}\}")


def text_of(source: str, given: Collection[str]) -> str:
    """The text part; its tokens are still in it. `given` are the tokens that have a value."""
    paragraphs = []
    for block in _blocks(source, given):
        lines = [_plain(line) for line in block]
        paragraphs.append("\n".join(lines))
    return "\n\n".join(paragraphs) + "\n"


def page_of(source: str, given: Collection[str], colour: str = USUAL) -> str:
    """The body of the page; its tokens are still in it. `colour`: of its buttons."""
    return "\n".join(_styled(block, colour) for block in _blocks(source, given))


def logo_of(brand: Brand) -> str:
    """What stands on top of the page; nothing without a logo. No name is taken for a token."""
    if brand.logo is None:
        return ""
    name = escape(brand.sender_name or "").replace("{", "&#123;")
    return LOGO.format(escape(brand.site + brand.logo.path), name, *brand.logo.shown)


def with_link(source: str) -> str:
    """A text of a session whose place is a link: where it names that, a page leads there."""
    return _PLACE.sub("{{join_url}}", source)


def subject_of(source: str, given: Collection[str]) -> str:
    """The subject; what stands in square brackets is left out when one of its tokens
    has no value.
    """

    def kept(part: re.Match[str]) -> str:
        if asked(part[1]) <= set(given):
            return part[1]
        return ""

    return _OPTIONAL.sub(kept, source)


def preheader_of(source: str, given: Collection[str]) -> str:
    """What a list of mails shows after the subject: when it is, or else the first paragraph."""
    if "start_date" in given:
        return WHEN
    paragraphs = [
        block for block in _blocks(source, given) if block[0][:1] not in ("#", "|", "[", "~")
    ]
    # The first one is the salutation, which says nothing in a list of mails.
    if len(paragraphs) < 2:
        return ""
    return " ".join(paragraphs[1])


def page_of_plain(text: str) -> str:
    """The body of a page for a text that came without one: its paragraphs, lines and links."""
    paragraphs = []
    for block in re.split(r"\n[ \t]*\n", text):
        # Escaped before its links are made: those are the only markup in it.
        escaped = escape(block.strip("\n"))
        if escaped.strip():
            paragraphs.append(PARAGRAPH.format(_linked(escaped).replace("\n", "<br>\n")))
    return "\n".join(paragraphs)


def _linked(escaped: str) -> str:
    return _TOKEN_LINK.sub(lambda match: LINK.format(match[1]), escaped)


def _blocks(source: str, given: Collection[str]) -> Iterator[list[str]]:
    """Paragraphs as lists of lines, without the details and links that have no value."""
    block: list[str] = []
    for line in source.strip().split("\n"):
        if line[:1] in ("|", "[", "~") and not asked(line) <= set(given):
            continue
        if line.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _plain(line: str) -> str:
    if line.startswith("|"):
        label, value = _detail(line)
        return f"{label}: {value}"
    if button := _BUTTON.fullmatch(line):
        return f"{button['label']}:\n{button['url']}"
    return line.removeprefix("# ").removeprefix("~ ")


def _styled(block: list[str], colour: str) -> str:
    first = block[0]
    if first.startswith("|"):
        details = [_linked(DETAIL.format(*map(escape, _detail(line)))) for line in block]
        return DETAILS.format("".join(details))
    if button := _BUTTON.fullmatch(first):
        label = escape(button["label"])
        return BUTTON.format(url=button["url"], label=label, colour=colour, ink=on(colour))
    if first.startswith("# "):
        return HEADING.format(escape(first[2:]))
    text = escape(" ".join(block).removeprefix("~ "))
    if first.startswith("~ "):
        return SMALL.format(text)
    return PARAGRAPH.format(text)


def _detail(line: str) -> tuple[str, str]:
    _, label, value = line.split("|", 2)
    # Spaces alone: a French label ends with a no-break space before its colon.
    return label.strip(" "), value.strip(" ")
