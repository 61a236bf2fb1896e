"""Every mail for the eye of whoever changes one: all kinds in all languages, as pages, texts and
pictures.
"""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import click

from domain.mail import LANGUAGES, TEXT_KINDS
from webhooks.cli.common import Progress

BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
"""The first that is there. One that never has a window takes less than half of the others' CPU."""
WIDTHS = (360, 640)
HEIGHT = 900
PICTURE_SECONDS = 60
NOW = datetime(2026, 12, 3, 7, 15, tzinfo=UTC)
"""The same pictures whenever they are made."""


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(TEXT_KINDS),
    help="Only these; all by default.",
)
@click.option(
    "--language", "languages", multiple=True, type=click.Choice(LANGUAGES), help="Only these."
)
@click.option("--pictures", is_flag=True, help="Also as PNG, 360 and 640 wide; needs a Chromium.")
def mails(folder: Path, kinds: tuple[str, ...], languages: tuple[str, ...], pictures: bool) -> None:  # noqa: FBT001 (click)
    """Write each kind of mail in each language to FOLDER, with invented people. Nothing is sent."""
    browser = ""
    if pictures:
        browser = _browser()
    folder.mkdir(parents=True, exist_ok=True)
    chosen = list(product(kinds or TEXT_KINDS, languages or LANGUAGES))
    progress, files = Progress("writing mails"), 0
    for number, (kind, language) in enumerate(chosen, start=1):
        progress.at(f"{number} of {len(chosen)}")
        files += len(list(_written(folder, kind, language, browser)))
    click.echo(f"{files} files in {folder}")


def _written(folder: Path, kind: str, language: str, browser: str) -> Iterator[Path]:
    from domain.mail import Sender
    from domain.mail.invitations import Address
    from domain.mail.support import Support
    from workers.mailer import letters

    us = Address("Coaching", "coaching@example.com")
    sender = Sender(us, us, Support.of("help@example.com"))
    mail = letters.preview(kind, language, None, sender=sender, now=NOW)
    page, text = folder / f"{kind}.{language}.html", folder / f"{kind}.{language}.txt"
    page.write_text(mail.html, "utf-8")
    text.write_text(f"Subject: {mail.subject}\n\n{mail.text}", "utf-8")
    yield from (page, text)
    if browser:
        for width in WIDTHS:
            yield _picture(browser, page, width)


def _picture(browser: str, page: Path, width: int) -> Path:
    """Raises ClickException where the browser makes none."""
    picture = page.with_suffix(f".{width}.png")
    flags = ("--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu")
    size, target = f"--window-size={width},{HEIGHT}", f"--screenshot={picture.resolve()}"
    asked = [browser, *flags, size, target, page.resolve().as_uri()]
    try:
        subprocess.run(asked, check=False, capture_output=True, timeout=PICTURE_SECONDS)  # noqa: S603 (a page of ours)
    except subprocess.TimeoutExpired:
        raise click.ClickException(
            f"{browser} made no picture within {PICTURE_SECONDS} s; try it again"
        ) from None
    if not picture.exists():
        raise click.ClickException(
            f"{browser} made no picture of {page.name}; look at the page itself"
        )
    return picture


def _browser() -> str:
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    raise click.ClickException(
        "there is no Chromium here (Debian: apt-get install chromium); leave out --pictures"
    )
