"""Texts of the platform's own: laid out as a page, held for what they lack, and switched off."""

import pytest

from domain.mail import Mail
from domain.mail.choice import Template
from domain.mail.sample import sample
from domain.mail.tokens import UnusableTokens
from tests.domain.letters import NOW, SENDER
from tests.workers.mailer.pages import Page
from workers.mailer import letters


def custom(text: str, html: str | None = None, language: str = "en") -> Mail:
    return letters.preview(
        "booked", "en", Template(language, "Hello", text, html), sender=SENDER, now=NOW
    )


def test_a_custom_text_without_a_page_gets_one() -> None:
    mail = custom("Dear {{participant_name}} & <team>,\n\nsee\n{{my_page_url}}\n\n| not | markup\n")
    assert "Dear Grace Hopper &amp; &lt;team&gt;," in mail.html
    assert (
        '<a href="https://example.com/my-page"'
        ' style="overflow-wrap:anywhere">https://example.com/my-page</a>'
    ) in mail.html
    assert "| not | markup" in mail.html
    assert len(Page(mail.html).all("p")) == 3


def test_a_custom_page_is_laid_out_and_so_is_the_body_of_a_whole_one() -> None:
    assert "max-width:600px" in custom("x", "<p>Hi {{coach_name}}</p>").html
    whole = custom(
        "x", "<html lang='en'><head><title>x</title></head><body><p>Hi</p></body></html>"
    ).html
    assert "max-width:600px" in whole
    assert "<p>Hi</p>" in whole
    assert whole.count("<title>") == whole.count("<body") == 1


def test_a_page_in_a_language_written_from_right_to_left_says_so() -> None:
    assert Page(custom("שלום", language="he").html).all("html") == [{"lang": "he", "dir": "rtl"}]


def test_a_custom_text_is_held_for_what_it_lacks_and_never_loses_a_line() -> None:
    with pytest.raises(UnusableTokens) as held:
        custom("| Code | {{relnik_url}}")
    assert held.value.tokens == ("relnik_url",)


def test_a_mail_that_is_switched_off_is_not_written() -> None:
    with pytest.raises(ValueError, match="switched off"):
        letters.write(sample("booked", "en", now=NOW), "off", sender=SENDER, now=NOW)
