"""Which text a mail takes, and what a custom text has to hold."""

from typing import Any

import pytest

from domain.mail.checks import wrong_texts
from domain.mail.choice import MailText, Template, choose, default_language, languages


def row(scope: Any, language: str, subject: str = "own", **values: Any) -> MailText:
    return MailText(
        scope,
        f"{scope}-1",
        "booked",
        language,
        f"{scope} {subject}" if subject else "",
        "text",
        **values,
    )


class TestChoice:
    def test_the_narrowest_scope_wins(self) -> None:
        rows = [row("company", "en"), row("cohort", "en"), row("project", "en")]
        assert choose(rows, "en") == Template("en", "cohort own", "text")
        assert choose(rows[::2], "en") == Template("en", "project own", "text")
        assert choose(rows[:1], "en") == Template("en", "company own", "text")
        assert choose([], "en") == "default"

    def test_the_language_of_the_reader_comes_before_the_scope(self) -> None:
        rows = [row("cohort", "en"), row("company", "de")]
        assert choose(rows, "de-AT") == Template("de", "company own", "text")
        assert choose(rows, "fr") == "default", "a French default, not an English text"
        assert choose(rows, "sv") == Template("en", "cohort own", "text"), (
            "there is no Swedish default"
        )

    def test_a_narrower_language_comes_first(self) -> None:
        rows = [row("company", "de-at"), row("cohort", "de")]
        assert choose(rows, "de_AT") == Template("de-at", "company own", "text")

    def test_a_switch_is_obeyed_and_the_narrowest_one_decides(self) -> None:
        off = row("company", "en", subject="", enabled=False)
        assert choose([off], "en") == "off"
        assert choose([off, row("cohort", "en")], "en") == Template("en", "cohort own", "text")
        assert choose([off, row("cohort", "en", subject="")], "en") == "default"
        assert choose([row("company", "en"), row("cohort", "en", enabled=False)], "en") == "off"

    def test_a_scope_with_nothing_switched_on_is_off_in_every_language(self) -> None:
        assert choose([row("project", "en", enabled=False)], "fr") == "off"
        assert choose([row("project", "en", enabled=False)], "es") == "off"
        assert choose([row("project", "en", enabled=False), row("project", "de")], "de") != "off"
        assert (
            choose([row("project", "it", enabled=False), row("project", "de")], "fr") == "default"
        )

    def test_languages_are_tried_from_the_exact_one_to_english(self) -> None:
        assert languages("zh-Hant-TW") == ("zh-hant-tw", "zh-hant", "zh", "en")
        assert languages("") == ("en",)
        assert [default_language(tag) for tag in ("de-AT", "FR", "sv", "en-GB")] == [
            "de",
            "fr",
            "en",
            "en",
        ]


class TestCustomTexts:
    def test_what_is_only_a_text_is_taken(self) -> None:
        assert list(wrong_texts("Hi {{participant_name}}", "See {{my_page_url}}")) == []
        heading = '<h1 style="color:red">Hi</h1>'
        links = '<a href="{{ my_page_url }}">x</a> <a href="https://x.example">y</a>'
        assert list(wrong_texts("Hi", "x", heading + links)) == []
        page = "<!doctype html><html><head><title>Hi</title></head><p class='a'>Hi</p></html>"
        assert list(wrong_texts("Hi", "x", page)) == []

    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("subject", ("", "text")),
            ("text", ("subject", " \n")),
            ("subject", ("x" * 301, "text")),
            ("subject", ("{{config}}", "text")),
            ("text", ("subject", "{{participant_name")),
            ("html", ("subject", "text", "{{7*7}}")),
            ("html", ("subject", "text", "<script>alert(1)</script>")),
            ("html", ("subject", "text", "<ScRiPt src=x>")),
            ("html", ("subject", "text", "<iframe></iframe>")),
            ("html", ("subject", "text", '<img src="https://spy.example/x.gif">')),
            (
                "html",
                (
                    "subject",
                    "text",
                    '<meta http-equiv="refresh" content="0;url=https://x.example">',
                ),
            ),
            ("html", ("subject", "text", "<p style='background:URL (https://spy.example)'>x</p>")),
            ("html", ("subject", "text", "<style>@import 'https://spy.example'</style>")),
            ("html", ("subject", "text", "<p onclick=alert(1)>x</p>")),
            ("html", ("subject", "text", '<a href="javascript:alert(1)">x</a>')),
            ("html", ("subject", "text", '<a href="{{participant_name}}">x</a>')),
            ("html", ("subject", "text", '<a href="https://x.example/{{my_page_url}}">x</a>')),
            ("html", ("subject", "text", '<p title="{{participant_name}}">x</p>')),
        ],
    )
    def test_what_is_more_is_refused_by_field(self, field: str, values: tuple[str, ...]) -> None:
        assert [each.field for each in wrong_texts(*values)] == [field]
