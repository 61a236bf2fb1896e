"""Composing: tokens are replaced, nothing is evaluated, names are harmless, threads hold."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import mail as domain_mail
from domain.mail import KINDS, TEXT_KINDS, MailFacts, safety
from domain.mail.sample import sample
from domain.mail.tokens import NAMES, UnusableTokens
from tests.domain.letters import ADA, FACTS, GRACE, NASTY, NOW, SENDER, WORDING, composed


def wording(**changes: str) -> domain_mail.Wording:
    return replace(WORDING, **changes)


class TestTokens:
    def test_are_replaced_everywhere(self) -> None:
        mail = composed()
        assert mail.subject == "About Ada Lovelace"
        assert mail.text == "Hello Grace Hopper"
        assert mail.html == "<p>Ada Lovelace</p>"

    def test_an_unknown_or_an_empty_one_holds_the_mail_and_is_named(self) -> None:
        asking = wording(
            subject="{{coach_nmae}}", text="{{relink_url}} {{7*7}}", html="{{ title }}"
        )
        with pytest.raises(UnusableTokens) as held:
            composed(asking)
        assert held.value.tokens == ("7*7", "coach_nmae", "relink_url", "title")

    def test_one_that_is_not_closed_is_never_sent_as_written(self) -> None:
        with pytest.raises(UnusableTokens):
            composed(wording(text="Hello {{participant_name"))

    def test_a_name_that_is_only_control_characters_is_empty(self) -> None:
        with pytest.raises(UnusableTokens):
            composed(coach_name="\r\n\u2028")

    def test_a_value_is_never_read_as_a_text(self) -> None:
        mail = composed(coach_name="{{my_page_url}} {{7*7}}")
        assert mail.subject == "About {{my_page_url}} {{7*7}}"

    def test_only_the_page_may_ask_for_the_subject(self) -> None:
        assert (
            composed(wording(html="<title>{{subject}}</title>")).html
            == "<title>About Ada Lovelace</title>"
        )
        with pytest.raises(UnusableTokens):
            composed(wording(text="{{subject}}"))

    def test_a_link_is_an_http_one_or_empty(self) -> None:
        linking = wording(html='<a href="{{my_page_url}}">x</a>')
        assert 'href="https://example.com/me?a=1&amp;b=2"' in composed(linking).html
        for url in (
            "javascript:alert(1)",
            "https://x.example/\r\nBcc:y",
            'https://x"onclick="y',
            "//x.example",
            None,
        ):
            with pytest.raises(UnusableTokens):
                composed(linking, my_page_url=url)


class TestNames:
    @pytest.mark.parametrize("name", NASTY)
    def test_stay_in_their_line_and_out_of_the_tags(self, name: str) -> None:
        mail = composed(recipient=replace(GRACE, name=name), coach_name=name)
        assert mail.subject.splitlines() == [mail.subject]
        assert mail.to.name.splitlines() == [mail.to.name]
        assert "=?" not in mail.subject + mail.to.name
        assert mail.html.count("<") == 2
        assert mail.text.splitlines() == [mail.text]

    @given(st.text())
    def test_come_out_clean_whatever_they_are(self, name: str) -> None:
        line = safety.one_line(name)
        line.encode("utf-8")
        assert len(line) <= safety.LONGEST
        assert "".join(line.splitlines()) == line
        assert "=?" not in line
        assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in line)
        assert safety.one_line(line) == line

    def test_of_300_characters_are_whole_and_longer_ones_are_cut_visibly(self) -> None:
        assert safety.one_line("G" * 300) == "G" * 300
        assert safety.one_line("G" * 301) == "G" * 299 + "…"

    def test_keep_the_joiners_that_emoji_and_scripts_need(self) -> None:
        assert safety.one_line("👩🏽‍💻 क्‍ष 🇩🇪") == "👩🏽‍💻 क्‍ष 🇩🇪"

    def test_written_from_right_to_left_do_not_turn_the_sentence_around(self) -> None:
        assert composed(coach_name="שלום").subject == "About \u2068שלום\u2069"
        assert composed(coach_name="\u202eevil").subject == "About evil"
        arabic = composed(wording(language="ar", text="مع {{coach_name}}"), coach_name="Ada (PhD)")
        assert arabic.text == "مع \u2068Ada (PhD)\u2069"

    def test_make_no_encoded_word_with_the_text_before_them(self) -> None:
        assert (
            "=?"
            not in composed(wording(subject="={{coach_name}}"), coach_name="?utf-8?q?x?=").subject
        )

    def test_of_other_participants_are_in_no_participant_s_mail(self) -> None:
        mail = composed(participant_name="Eve Other", pod=True)
        assert "Eve" not in mail.subject + mail.text + mail.html
        assert "Eve" in composed(recipient=ADA, participant_name="Eve Other").text


class TestThreads:
    def test_the_same_change_to_the_same_person_is_the_same_message(self) -> None:
        later = datetime(2026, 7, 1, tzinfo=UTC)
        again = domain_mail.compose(FACTS, WORDING, {}, sender=SENDER, now=later)
        assert again.message_id == composed().message_id
        assert again.message_id == f"<{FACTS.digest}@coaching.example>"

    @pytest.mark.parametrize(
        "change",
        [
            {"version": 2},
            {"kind": "reminder"},
            {"booking_id": "bkg_2"},
            {"recipient": ADA},
            {"nonce": "click-2"},
        ],
    )
    def test_anything_else_is_another_message(self, change: dict[str, Any]) -> None:
        assert composed(**change).message_id != composed().message_id

    def test_the_first_mail_answers_nothing_and_the_others_answer_it(self) -> None:
        first = composed()
        assert "In-Reply-To" not in dict(first.headers)
        for change in (
            {"kind": "rebooked", "version": 2},
            {"kind": "cancelled", "version": 3},
            {"kind": "reminder"},
        ):
            headers = dict(composed(**change).headers)
            assert headers["In-Reply-To"] == headers["References"] == first.message_id

    def test_nobody_s_absence_note_answers_it(self) -> None:
        assert dict(composed().headers)["Auto-Submitted"] == "auto-generated"

    def test_the_date_is_when_it_was_written(self) -> None:
        assert composed().date == NOW


class TestKinds:
    def test_a_coach_is_told_in_other_words(self) -> None:
        assert FACTS.text_kind == "booked"
        assert replace(FACTS, recipient=ADA).text_kind == "coach_booked"
        assert replace(FACTS, recipient=ADA, kind="relink").text_kind == "relink"

    @pytest.mark.parametrize("kind", TEXT_KINDS)
    def test_a_sample_fills_every_token(self, kind: str) -> None:
        facts = sample(kind, "en", now=NOW)
        assert facts.text_kind == kind
        assert MailFacts.of_json(facts.as_json()) == facts
        values = domain_mail.values_of(facts, "en")
        assert all(values[name] for name in NAMES if name in values)

    def test_every_kind_has_a_text_for_those_who_get_it(self) -> None:
        assert {kind.removeprefix("coach_") for kind in TEXT_KINDS} == set(KINDS)

    def test_the_facts_show_no_person_in_a_log(self) -> None:
        assert "Grace" not in repr(FACTS)
        assert "grace@" not in repr(FACTS)
        assert "Grace" not in repr(composed())
