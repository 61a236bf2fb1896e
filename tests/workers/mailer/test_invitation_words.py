"""What a coach is told whose calendar gets a session as an invitation, in each language."""

import pytest

from domain.mail import LANGUAGES
from domain.mail.choice import Template
from domain.mail.sample import sample
from tests.domain.letters import NOW, SENDER
from workers.mailer import letters, texts


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["coach_booked", "coach_rebooked"])
def test_it_is_said_before_the_small_print_and_only_where_it_is_so(
    kind: str, language: str
) -> None:
    facts = sample(kind, language, now=NOW)
    asking = letters.write(facts, "default", sender=SENDER, now=NOW, accepts=True)
    usual = letters.write(facts, "default", sender=SENDER, now=NOW)
    words = texts.invitation(language)
    assert words
    assert words not in usual.text
    for part, before in ((asking.text, usual.text), (asking.html, usual.html)):
        assert part.count(words) == 1
        assert len(part) > len(before)
    # The rest is as it was, in its order
    said, _, small = asking.text.partition(f"{words}\n\n")
    assert said + small == usual.text
    assert small.strip()
    assert asking.invitation is None


def test_each_language_says_it_in_its_own_words() -> None:
    assert len({texts.invitation(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_a_text_of_a_programme_says_what_it_says() -> None:
    facts = sample("coach_booked", "en", now=NOW)
    mail = letters.write(
        facts, Template("en", "Booked", "See you.", None), sender=SENDER, now=NOW, accepts=True
    )
    assert mail.text.strip() == "See you."
