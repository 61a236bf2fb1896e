"""A company's looks: any colour can be read, no name is an address, a logo is a plain PNG."""

import re
from itertools import product
from pathlib import Path

import pytest

from domain import brands, logos
from domain.brands import BLACK, ON_DARK, ON_LIGHT, WHITE, Brand, Logo, contrast, on, readable
from domain.errors import Invalid
from domain.mail.support import Support
from tests.domain.letters import SENDER
from tests.domain.pictures import END, PIXEL, SIGNATURE, chunk, header, png, rows, written

COLOURS = [f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in product((0, 85, 170, 255),
           repeat=3)]  # fmt: skip
PAGES = Path(brands.__file__).parents[1] / "webhooks/pages/static/pages.css"
HELP = Support("help@acme.test", "mailto:help@acme.test")


def test_contrast_is_as_wcag_counts_it() -> None:
    assert contrast(BLACK, WHITE) == pytest.approx(21)
    assert contrast(WHITE, WHITE) == 1
    assert contrast("#767676", WHITE) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("colour", COLOURS)
def test_every_colour_can_be_read_in_light_and_in_dark(colour: str) -> None:
    assert contrast(on(colour), colour) >= 4.5
    for ground in (ON_LIGHT, ON_DARK):
        shade = readable(colour, ground)
        assert contrast(shade, ground) >= 4.5
        assert contrast(on(shade), shade) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is() -> None:
    assert readable("#0b5394", ON_LIGHT) == "#0b5394"
    assert readable("#0b5394", ON_DARK) != "#0b5394"


def test_the_grounds_are_those_of_the_pages_that_leave_least_contrast() -> None:
    light, dark = re.findall(r":root {([^}]*)}", PAGES.read_text())
    for written_there, text, ground in ((light, BLACK, ON_LIGHT), (dark, WHITE, ON_DARK)):
        found = re.findall(r"--(?:ground|panel|shade): (#\w+)", written_there)
        grounds = [re.sub(r"^#(\w)(\w)(\w)$", r"#\1\1\2\2\3\3", each) for each in found]
        assert len(grounds) == 3
        assert min(grounds, key=lambda each: contrast(text, each)) == ground


@pytest.mark.parametrize("text", ["red", "#fff", "#12345g", "#1234567", "#123456\n", "٠٠٠٠٠٠٠", ""])
def test_what_is_no_colour_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="not_a_colour"):
        brands.colour("colour", text)


def test_a_name_is_one_line() -> None:
    assert brands.sender_name("  Acme\r\nBcc: \u202eCoaching ") == "Acme Bcc: Coaching"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ceo@acme.test", "holds_an_address"),
        ("ceo＠acme.test", "holds_an_address"),
        ("ceo﹫acme.test", "holds_an_address"),
        (" \u202e\n", "invalid_length"),
        ("A" * 61, "invalid_length"),
    ],
)
def test_a_name_that_is_none_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid, match=code):
        brands.sender_name(text)


def test_a_brand_renames_the_sender_and_nothing_else() -> None:
    signed = Brand("Acme", HELP).signing(SENDER)
    assert (signed.mailbox.name, signed.support) == ("Acme", HELP)
    assert signed.mailbox.email == SENDER.mailbox.email
    assert signed.organizer == SENDER.organizer
    assert Brand().signing(SENDER) == SENDER


def test_what_a_company_leaves_open_is_the_deployment_s() -> None:
    usual = Brand("Coaching", HELP, "#111111", site="https://here.test")
    assert Brand().over(usual) == usual
    whole = Brand("Acme", None, "#222222").over(usual)
    assert whole == Brand("Acme", HELP, "#222222", None, "https://here.test")


@pytest.mark.parametrize(
    ("size", "shown"),
    [((1000, 400), (100, 40)), ((1000, 10), (200, 2)), ((1000, 1), (200, 1)), ((20, 20), (20, 20))],
)
def test_a_logo_is_shown_small_and_in_its_shape(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    assert Logo("0", *size).shown == shown


def test_a_logo_is_kept_as_it_is() -> None:
    found = logos.picture(png(1000, 400))
    assert found.content == png(1000, 400)
    assert (found.logo.width, found.logo.height) == (1000, 400)
    assert found.logo.digest != logos.picture(PIXEL).logo.digest


def test_what_stands_beside_the_picture_is_left_out() -> None:
    beside = ((b"tEXt", b"Author\0Ada"), (b"eXIf", b"MM\0*"), (b"acTL", b"\0" * 8))
    assert logos.picture(png(3, 2, *beside)).content == png(3, 2)


WHOLE = png(3, 2)
REFUSED = {
    "nothing": (b"", "no other kind"),
    "an SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
    "a JPEG": (b"\xff\xd8\xff\xe0", "no other kind"),
    "only a signature": (SIGNATURE, "damaged"),
    "cut short": (WHOLE[:-5], "damaged"),
    "something behind its end": (WHOLE + b"<script>", "damaged"),
    "a chunk behind its end": (WHOLE + chunk(*rows(3, 2)), "damaged"),
    "a wrong sum": (WHOLE.replace(b"IDAT", b"IDAt"), "damaged"),
    "an endless chunk": (SIGNATURE + b"\xff\xff\xff\xffIHDR" + b"\0" * 20, "damaged"),
    "no pixels": (written(header(), END), "damaged"),
    "no header first": (written(rows(1, 1), header(), END), "damaged"),
    "two headers": (written(header(), header(9, 9), rows(1, 1), END), "damaged"),
    "a short header": (written((b"IHDR", b"\0" * 12), rows(1, 1), END), "damaged"),
    "a depth that is none": (written(header(1, 1, 4, 6, 0, 0, 0), rows(1, 1), END), "damaged"),
    "a kind that is none": (written(header(1, 1, 8, 5, 0, 0, 0), rows(1, 1), END), "damaged"),
    "parts of its own": (png(1, 1, (b"JDAT", b"")), "plain PNG"),
    "no width": (written(header(0, 1), rows(1, 1), END), "0 x 1"),
    "too wide": (written(header(1001, 1), rows(1, 1), END), "1001 x 1"),
    "too high": (written(header(1, 401), rows(1, 1), END), "1 x 401"),
    "too long": (png(1, 1, (b"tEXt", b"a" * 100_000)), "at most 100000 bytes"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_no_logo_is_refused_and_says_why(what: str) -> None:
    raw, reason = REFUSED[what]
    with pytest.raises(Invalid, match=reason) as refused:
        logos.picture(raw)
    assert refused.value.code == "logo_refused"
