"""Every page for people in three widths, and every kind of mail in two languages, and what is read
from right to left in Arabic, as pictures for the manual: those that are not there are made here.
"""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page

from domain.mail import TEXT_KINDS
from tests.browser.conftest import Site
from tests.browser.every_page import NAMES, invited, link_of, paths_of, ready
from tests.browser.phone import PHONE as FINGER
from tests.browser.pictures import MOST_BYTES, MOST_TOGETHER, PICTURES, WIDTHS, take
from webhooks.cli.mails import mails

LANGUAGES = ("en", "de")
AT_HOME = {"timezone_id": "Europe/London"}
PHONE, SCREEN = FINGER | AT_HOME, AT_HOME
GUIDE = PICTURES.parent / "reference" / "pictures.md"
ARABIC = {"participant": "week", "settings": "settings", "mail": "booked"}
NARROW_AND_WIDE = (WIDTHS[0], WIDTHS[-1])
COARSE = "matchMedia('(pointer: coarse)').matches"


def file_of(name: str, width: int, folder: str = "pages") -> Path:
    return PICTURES / folder / f"{name}-{width}.webp"


def missing(viewer: str) -> list[Path]:
    wanted = [file_of(name, width) for name in NAMES[viewer] for width in WIDTHS]
    return [path for path in wanted if not path.exists()]


def photograph(page: Page, widths: tuple[int, ...], paths: dict[str, str]) -> None:
    for name, path in paths.items():
        page.goto(path)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 740})
            take(page, file_of(name, width))
            assert page.evaluate(COARSE) == (width == WIDTHS[0]), "not by a finger any more"


@pytest.mark.parametrize("viewer", ["participant", "coach", "settings"])
def test_pages_are_photographed_in_three_widths(one_site: Site, viewer: str) -> None:
    if missing(viewer):
        ids = ready(one_site)
        for options, widths in ((PHONE, WIDTHS[:1]), (SCREEN, WIDTHS[1:])):
            with one_site.visit(**options) as seen:
                seen.page.goto(link_of(one_site, viewer))
                photograph(seen.page, widths, paths_of(viewer, ids))
    assert missing(viewer) == []


def test_pages_of_nobody_s_are_photographed_too(one_site: Site) -> None:
    if missing("nobody"):
        paths = paths_of("nobody", invited(one_site))
        for options, widths in ((PHONE, WIDTHS[:1]), (SCREEN, WIDTHS[1:])):
            with one_site.visit(**options) as seen:
                photograph(seen.page, widths, paths)
    assert missing("nobody") == []


def mail_pictures() -> dict[str, Path]:
    names = [f"{kind}.{language}" for kind in TEXT_KINDS for language in LANGUAGES]
    return {name: PICTURES / "mails" / f"{name.replace('.', '-')}.webp" for name in names}


def test_mails_are_photographed_in_two_languages(one_site: Site, tmp_path: Path) -> None:
    left = {name: path for name, path in mail_pictures().items() if not path.exists()}
    if left:
        asked = [str(tmp_path), *(f"--language={language}" for language in LANGUAGES)]
        assert CliRunner().invoke(mails, asked).exit_code == 0
        with one_site.visit(width=640, height=400) as seen:
            for name, path in left.items():
                seen.page.goto((tmp_path / f"{name}.html").as_uri())
                take(seen.page, path)
    assert all(path.exists() for path in mail_pictures().values())


@pytest.mark.parametrize("viewer", ["participant", "settings"])
def test_a_page_is_photographed_in_arabic(one_site: Site, viewer: str) -> None:
    name = ARABIC[viewer]
    if not all(file_of(f"{name}-ar", width).exists() for width in NARROW_AND_WIDE):
        path = paths_of(viewer, ready(one_site))[name]
        for options, width in zip((PHONE, SCREEN), NARROW_AND_WIDE, strict=True):
            with one_site.visit(**options) as seen:
                seen.page.goto(link_of(one_site, viewer, "ar"))
                photograph(seen.page, (width,), {f"{name}-ar": path})
                assert seen.page.evaluate("document.dir") == "rtl"
    assert all(file_of(f"{name}-ar", width).exists() for width in NARROW_AND_WIDE)


def test_a_mail_is_photographed_in_arabic(one_site: Site, tmp_path: Path) -> None:
    kind = ARABIC["mail"]
    left = {width: file_of(f"{kind}-ar", width, "mails") for width in NARROW_AND_WIDE}
    if not all(path.exists() for path in left.values()):
        asked = [str(tmp_path), f"--kind={kind}", "--language=ar"]
        assert CliRunner().invoke(mails, asked).exit_code == 0
        for width, path in left.items():
            with one_site.visit(width=width, height=400) as seen:
                seen.page.goto((tmp_path / f"{kind}.ar.html").as_uri())
                take(seen.page, path)
    assert all(path.exists() for path in left.values())


def test_pictures_are_small_and_the_manual_shows_each() -> None:
    every = [path for path in PICTURES.rglob("*") if path.is_file()]
    sizes = {path.name: path.stat().st_size for path in every}
    assert [name for name, size in sizes.items() if size > MOST_BYTES] == []
    assert sum(sizes.values()) <= MOST_TOGETHER
    shown = re.findall(r"\]\((\.\./screenshots/[^)]+)\)", GUIDE.read_text())
    there = sorted(path for path in every if path.parent != PICTURES)
    assert sorted({(GUIDE.parent / found).resolve() for found in shown}) == there
