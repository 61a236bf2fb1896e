"""The default texts: every kind in every language, text and page, readable on any device and by any
reader.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from domain.mail import COACH_ONLY, LANGUAGES, TEXT_KINDS, Mail
from domain.mail.choice import Template
from domain.mail.sample import sample
from domain.mail.support import Support
from domain.mail.tokens import NAMES, asked
from tests.domain.letters import NOW, SENDER
from tests.workers.mailer.pages import Page
from workers.mailer import letters, texts
from workers.mailer.times import spell

EVERY = pytest.mark.parametrize(("language", "kind"), list(product(LANGUAGES, TEXT_KINDS)))


def default(kind: str, language: str, **changes: Any) -> Mail:
    facts = replace(sample(kind, language, now=NOW), **changes)
    return letters.write(facts, "default", sender=SENDER, now=NOW)


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@EVERY
def test_is_complete_with_every_token_replaced(language: str, kind: str) -> None:
    mail = default(kind, language)
    assert mail.language == language
    for part in (mail.subject, mail.text, mail.html):
        assert "{{" not in part
        assert "None" not in part
    if kind not in COACH_ONLY:
        assert texts.default(kind, language)[1].count("{{short_start}}") == 1, (
            "the subject says when"
        )


LONGEST_MONTH = int(datetime(2026, 12, 30, 11, 45, tzinfo=UTC).timestamp())
PHONE = 40
"""Characters of a subject that a phone shows."""


@EVERY
def test_a_phone_shows_who_and_when_of_the_subject(language: str, kind: str) -> None:
    if kind in COACH_ONLY:
        return
    grace = kind.startswith("coach_") or kind in COACH_ONLY
    mail = default(kind, language, starts=LONGEST_MONTH, ends=LONGEST_MONTH + 3600)
    shown = mail.subject[:PHONE]
    assert "30" in shown
    assert "12:45" in shown
    assert ("Grace" if grace else "Ada") in shown


@pytest.mark.parametrize(
    ("tag", "kind", "subject"),
    [
        ("en-GB", "booked", "Fri 4 Dec, 08:15 with Mira"),
        ("en-US", "booked", "Fri Dec 4, 8:15 AM with Mira"),
        ("en-GB", "coach_cancelled", "Cancelled: Fri 4 Dec, 08:15, Grace Hopper"),
        ("de", "cancelled", "Abgesagt: Fr. 4. Dez., 08:15 mit Mira"),
        ("fr", "rebooked", "Déplacée : ven. 4 déc., 08:15 avec Mira"),
        ("pt-PT", "booked", "sexta 4/12, 08:15 com Mira"),
        ("pt", "booked", "sex. 4 dez. 08:15 com Mira"),
        ("ja", "booked", "12月4日(金) 8:15 Miraさんとのセッション"),
        ("ar-EG", "cancelled", "إلغاء: جمعة 4 ديسمبر، 8:15 ص مع \u2068Mira\u2069"),
    ],
)
def test_a_subject_in_the_reader_s_words(tag: str, kind: str, subject: str) -> None:
    at = int(datetime(2026, 12, 4, 7, 15, tzinfo=UTC).timestamp())
    assert default(kind, tag, starts=at, ends=at + 3600, coach_name="Mira").subject == subject


@EVERY
def test_a_list_of_mails_shows_when_it_is_and_one_button_says_what_to_do(
    language: str, kind: str
) -> None:
    mail = default(kind, language, place_kind="address", place="12 High Street", join_url=None)
    hidden = re.search(r'<div style="display:none[^"]*">([^<]+)</div>', mail.html)
    assert hidden is not None
    zone = spell(sample(kind, language, now=NOW), language)["zone"]
    assert kind in COACH_ONLY or zone in hidden[1]
    assert mail.html.index(hidden[0]) < mail.html.index("<h1")
    leads = not kind.startswith("coach_") and kind != "conflict_cleared"
    assert len(Page(mail.html).all("a")) == leads


@EVERY
def test_a_coach_is_told_whom_to_ask_where_somebody_is_named(language: str, kind: str) -> None:
    coach = kind.startswith("coach_") or kind in COACH_ONLY
    helped = replace(SENDER, support=Support.of("help@people.example"))
    mail = letters.preview(kind, language, None, sender=helped, now=NOW)
    for part in (mail.text, mail.html):
        assert ("help@people.example" in part) is coach
    assert "{{support}}" not in default(kind, language).text


@EVERY
def test_says_when_with_the_zone_named(language: str, kind: str) -> None:
    mail = default(kind, language)
    if kind not in COACH_ONLY:
        zone = spell(sample(kind, language, now=NOW), language)["zone"]
        for part in (mail.text, mail.html):
            assert zone in part


@EVERY
def test_needs_no_more_than_every_session_has(language: str, kind: str) -> None:
    """Without a page, a programme, a title: the lines that would say so are left out, and no mail
    is held.
    """
    bare = default(
        kind,
        language,
        my_page_url=None,
        relink_url=None,
        changes_url=None,
        event_starts=None,
        programme_name=None,
        title=None,
        participant_name=None,
        previous_starts=None,
        place_kind=None,
        place=None,
        join_url=None,
    )
    assert "{{" not in bare.text
    assert "<a " not in bare.html
    assert default(kind, language).text != bare.text


@EVERY
def test_the_page_and_the_text_say_the_same(language: str, kind: str) -> None:
    mail = default(kind, language)
    said = re.sub(
        r"\W+",
        " ",
        " ".join(
            Page(
                mail.html.partition("<body")[2]
                .partition(">")[2]
                .replace("</body>", "")
                .replace("</html>", "")
            ).said
        ),
    )
    for line in mail.text.splitlines():
        for part in line.split(": ", 1):
            if not part.startswith("https://"):
                assert re.sub(r"\W+", " ", part).strip() in said


@EVERY
def test_is_a_page_for_every_reader(language: str, kind: str) -> None:
    page = Page(default(kind, language).html)
    assert page.all("html") == [{"lang": language, "dir": "rtl" if language == "ar" else "ltr"}]
    assert len(page.all("h1")) == 1
    assert len(page.all("title")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all(
        "meta"
    )
    assert {"name": "color-scheme", "content": "light dark"} in page.all("meta")
    assert not {"style", "link", "img", "script", "dl", "form"} & {tag for tag, _ in page.tags}
    assert all(link["href"].startswith("https://") for link in page.all("a"))


@EVERY
def test_is_one_column_that_fits_a_phone_and_stays_readable_on_a_desktop(
    language: str, kind: str
) -> None:
    styles = ";".join(Page(default(kind, language).html).styles)
    assert "max-width:600px" in styles
    assert "overflow-wrap:anywhere" in styles
    assert not re.search(r"(?<!max-)(?<!border-)width:\d{3,}px", styles)
    assert not re.search(r"float|position|columns|flex", styles)
    assert min(int(size) for size in re.findall(r"font-size:(\d+)px", styles)) >= 14


@EVERY
def test_its_colours_are_the_reader_s_but_for_a_button_of_good_contrast(
    language: str, kind: str
) -> None:
    """Neither a background nor a text colour, but together: dark mode then has nothing to get
    wrong.
    """
    page = Page(default(kind, language).html)
    for style in page.styles:
        text = re.search(r"(?<![-\w])color:(#\w{6})", style)
        behind = re.search(r"background-color:(#\w{6})", style)
        assert bool(text) == bool(behind)
        if text and behind:
            assert contrast(text[1], behind[1]) >= 4.5, "WCAG 1.4.3"
            assert min(contrast(behind[1], canvas) for canvas in ("#ffffff", "#121212")) >= 2.5
    border = "#808080"
    assert min(contrast(border, canvas) for canvas in ("#ffffff", "#121212")) >= 3, "WCAG 1.4.11"


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_calendar_shows_whom_the_session_is_with(language: str) -> None:
    shown = [default("booked", language), default("coach_booked", language, invite=True)]
    summaries = [mail.invitation.summary for mail in shown if mail.invitation]
    assert ["Ada" in summaries[0], "Grace" in summaries[1]] == [True, True]
    nobody = default("coach_booked", language, invite=True, participant_name=None)
    assert nobody.invitation is not None
    assert nobody.invitation.summary == texts.summary(language, "anybody")


def test_every_token_can_be_asked_for() -> None:
    text = " ".join(f"{{{{{name}}}}}" for name in NAMES)
    for kind in ("rebooked", "coach_rebooked"):
        letters.preview(kind, "en", Template("en", "x", text), sender=SENDER, now=NOW)


def test_the_files_are_one_for_each_kind_and_language() -> None:
    def tokens(language: str) -> Iterator[set[str]]:
        for kind in TEXT_KINDS:
            _, subject, source = texts.default(kind, language)
            yield asked(subject + source)

    for language in LANGUAGES:
        assert list(tokens(language)) == list(tokens("en")), language
