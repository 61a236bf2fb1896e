"""The languages of the pages: whoever asks for one gets it, what it lacks is said in English, and
no catalogue asks for what nobody gives.
"""

from string import Formatter

import pytest
from babel import Locale

from domain.mail import LANGUAGES
from domain.mail.choice import default_language, languages
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import enter
from webhooks.http import translations
from webhooks.http.translations import COUNTED, catalogue, lacks, read
from webhooks.pages import formats

PO = """
msgid ""
msgstr "Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n<5 ? 1 : 2);"

msgctxt "skip"
msgid "Skip to content"
msgstr "Preskočiť"

msgctxt "go_back"
msgid "Go back"
msgstr "Späť"

#, fuzzy
msgctxt "problem"
msgid "This did not work"
msgstr "To je problém"

msgctxt "book_open_count"
msgid "{count} open time this week."
msgid_plural "{count} open times this week."
msgstr[0] "{count} termín"
msgstr[1] "{count} termíny"
msgstr[2] "{count} termínov"

msgctxt "never_asked"
msgid "Nobody"
msgstr "Nikto"
"""


@pytest.mark.parametrize(
    ("tags", "spoken"),
    [
        (("pt-PT",), "pt-BR"),
        (("pt",), "pt-BR"),
        (("PT_br",), "pt-BR"),
        (("ar-EG",), "ar"),
        (("ja-Jpan-JP",), "ja"),
        (("es-419",), "es"),
        (("nl-BE", "fr-BE"), "nl"),
        (("sv", "it-CH"), "it"),
        (("en-GB", "de"), "en"),
        (("sv",), "en"),
        (("*", ""), "en"),
        ((), "en"),
    ],
)
def test_a_reader_gets_the_first_of_their_languages_that_we_speak(
    tags: tuple[str, ...], spoken: str
) -> None:
    assert default_language(*tags) == spoken


def test_a_programme_s_text_in_our_flavour_is_for_readers_of_another() -> None:
    assert languages("pt-PT") == ("pt-pt", "pt", "pt-br", "en")
    assert languages("pt-BR") == ("pt-br", "pt", "en")


def names(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_asks_for_nothing_that_nobody_gives(language: str) -> None:
    """A form for one or two of a thing may leave the number out."""
    own, english = catalogue(language), catalogue("en")
    assert lacks(own, english)["unknown"] == []
    for key, text in own.texts.items():
        given = names(english.texts[key].english[-1])
        for form in text.forms:
            assert given - names(form) <= ({text.counted} - {None}), key
            assert names(form) <= given, key
            form.format(**dict.fromkeys(given, "x"))
        assert (text.counted in COUNTED) is (len(english.texts[key].english) == 2), key
        for number in range(1, 130):
            assert text.forms[own.form(number) if text.counted else 0]


def test_what_a_language_lacks_or_guesses_is_told_in_english_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, english = read(PO.encode(), "sk"), catalogue("en")
    monkeypatch.setattr(translations, "catalogue", {"sk": own, "en": english}.__getitem__)
    assert translations.say("sk", "skip") == "Preskočiť"
    assert translations.say("sk", "problem") == "This did not work"
    assert translations.say("sk", "book_keep", "staff_") == "Keep it as it is"
    counts = [translations.say("sk", "book_open_count", count=count) for count in (1, 3, 5)]
    assert counts == ["1 termín", "3 termíny", "5 termínov"]
    lacking = lacks(own, english)
    assert len(lacking["missing"]) == len(english.texts) - 3
    assert lacking["outdated"] == ["go_back"]
    assert lacking["unknown"] == ["never_asked"]


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("en", 1, "1 minute"),
        ("en", "1.5", "2 minutes"),
        ("de", 1, "1 Minute"),
        ("fr", 0, "0 minute"),
        ("fr", 2, "2 minutes"),
    ],
)
def test_a_number_has_the_plural_of_its_language(language: str, number: object, text: str) -> None:
    said = translations.say(language, "book_minutes", minutes=number)
    assert said == text.replace("2 minutes", f"{number} minutes")


def test_no_name_turns_a_sentence_around() -> None:
    from_right = translations.say("ar", "book_heading", coach="Ada")
    assert "\u2068Ada\u2069" in from_right
    assert "\u2068עדה\u2069" in translations.say("en", "book_heading", coach="עדה")
    assert translations.say("en", "book_heading", coach="Ada") == "Book a time with Ada"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_booking_page_is_in_each_language_and_reads_from_its_side(
    one_desk: Desk, language: str
) -> None:
    people.introduce(one_desk.database)
    page = enter(one_desk, language=language).get("/book").text
    side = "rtl" if language == "ar" else "ltr"
    assert f'<html lang="{language}" dir="{side}">' in page
    assert translations.say(language, "book_next") in page


def test_a_day_and_its_hours_are_joined_as_the_language_does() -> None:
    told = [
        formats.when(NOON, NOON + 3600, "Europe/Berlin", Locale.parse(its))
        for its in ("en_GB", "ja", "ar")
    ]
    assert told == [
        "Tuesday, 9 June 2026, 12:00 – 13:00",
        "2026年6月9日火曜日 12:00 – 13:00",
        "الثلاثاء، 9 يونيو 2026، 12:00 م – 1:00 م",
    ]


NOON = 1_780_999_200  # 9 June 2026, 10:00 UTC


@pytest.mark.parametrize(
    ("locale", "moment"),
    [
        ("en", "Tue Jun 9, 12:00 PM"),
        ("en_GB", "Tue 9 Jun, 12:00"),
        ("de", "Di. 9. Juni, 12:00"),
        ("es", "mar 9 jun, 12:00"),
        ("pt_BR", "ter. 9 jun. 12:00"),
        ("it", "mar 9 giu, 12:00"),
        ("nl", "di 9 jun, 12:00"),
        ("ja", "6月9日(火) 12:00"),
        ("ar", "ثلاثاء 9 يونيو، 12:00 م"),
    ],
)
def test_a_moment_is_told_as_its_language_and_region_do(locale: str, moment: str) -> None:
    assert formats.moment(NOON, "Europe/Berlin", Locale.parse(locale)) == moment
