"""One clock for one reader: the page says a time and a date as their language and region do, and as
their mails do.
"""

from typing import Any

import pytest

from domain.mail import MailFacts, Recipient
from domain.mail.choice import default_language
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import GRACE, enter
from tests.webhooks.pages.booking.kit import TEN
from workers.mailer import times

AMERICAN = ("2:00 PM – 3:00 PM", "Tuesday, June 2, 2026")
BRITISH = ("14:00 – 15:00", "2 June 2026")
GERMAN = ("14:00 – 15:00", "2. Juni 2026")


@pytest.mark.parametrize(
    ("link", "browser", "says"),
    [
        # What the link names counts, and if it names no region, the browser's
        ("en-GB", "en-US,en;q=0.9", BRITISH),
        ("en-US", "en-GB", AMERICAN),
        ("en", "en-GB,en;q=0.9", BRITISH),
        ("en", "en-US,en;q=0.9", AMERICAN),
        ("en", "de-DE,en;q=0.8,en-IE;q=0.7,en-US;q=0.6", BRITISH),
        # The region of another language says nothing of this one
        ("en", "de-DE,fr-FR", AMERICAN),
        ("de", "en-US", GERMAN),
        ("de", "de-AT", GERMAN),
        ("fr", "fr-CA", ("14 h 00", "2 juin 2026")),
        ("es", "es-US", ("2:00", "2 de junio de 2026")),
        ("ar", "", ("2:00 م", "2 يونيو 2026")),
        # What no language has, or nobody understands, is let be
        ("en", "en-ZZ,*,x;q=,en-gb-oed", AMERICAN),
        ("en", "", AMERICAN),
    ],
)
def test_a_page_says_it_by_language_and_region(
    one_desk: Desk, link: str, browser: str, says: tuple[str, str]
) -> None:
    guest = enter(one_desk, language=link)
    path = f"/book/confirm?start={TEN}&duration=60"
    page = guest.get(path, headers={"Accept-Language": browser}).text
    assert [said for said in says if said not in page] == []


@pytest.mark.parametrize("tag", ["en-US", "en-GB", "en", "de-AT", "ja", "fr-CA", "pt-PT", "ar-EG"])
def test_a_page_and_a_mail_say_the_same(one_desk: Desk, tag: str) -> None:
    """Where the platform says how the participant speaks, and the link nothing."""
    guest = enter(one_desk, language=None, participant=GRACE | {"language": tag})
    page = guest.get(
        f"/book/confirm?start={TEN}&duration=60", headers={"Accept-Language": "en-US,de-DE,fr-BE"}
    ).text
    mail = spelled(tag)
    for token in ("start_date", "start_time", "end_time", "zone"):
        assert mail[token] in page, token


def spelled(tag: str) -> dict[str, str]:
    """The times of the mail about the same session."""
    recipient = Recipient("Grace", "grace@example.test", "Europe/London", tag, "participant")
    about: dict[str, Any] = {"version": 1, "changed_at": people.NOW, "coach_name": "Ada"}
    facts = MailFacts("booked", recipient, "bkg_1", starts=TEN, ends=TEN + 3600, **about)
    return times.spell(facts, default_language(tag))


def test_the_grid_shows_the_clock_of_its_reader_and_sends_the_same(one_desk: Desk) -> None:
    guest = enter(one_desk, language="en")
    path = "/book?duration=60&week=2026-06-01"
    american, british = (
        guest.get(path, headers={"Accept-Language": tag}).text for tag in ("en-US", "en-GB")
    )
    quarter = (TEN - people.at(1, 0) + 3600) // 900
    assert f"<button name=q value={quarter}>2:00PM</button>" in american
    assert f"<button name=q value={quarter}>14:00</button>" in british
    assert "<th>9:45AM" in american
    assert "<th>09:45" in british
