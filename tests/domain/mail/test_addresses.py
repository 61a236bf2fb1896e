"""Which addresses a mail may go to, and how they are written."""

from dataclasses import replace

import pytest

from domain.errors import Invalid
from domain.mail import Recipient, safety
from tests.domain.letters import GRACE


class TestAddresses:
    @pytest.mark.parametrize(
        "address",
        [
            "grace@example.com", "g.h+x@sub.example.co", "o'x@x.example", "ada@localhost",
            "grâce@example.com", "用户@example.com", "ग्रेस.१@example.com", "é" * 32 + "@x.example",
        ],
    )  # fmt: skip
    def test_that_people_have_are_taken(self, address: str) -> None:
        assert safety.mail_address("email", address) == address

    def test_get_their_domain_in_ascii(self) -> None:
        assert (
            safety.mail_address("email", " Grace@BÜCHER.example ") == "Grace@xn--bcher-kva.example"
        )
        # As browsers look them up, not as the standard of 2003 did: that domain is somebody else's
        assert safety.mail_address("email", "jo@straße.example") == "jo@xn--strae-oqa.example"
        assert safety.mail_address("email", "jo@faß.de") != "jo@fass.de"

    def test_are_one_however_their_letters_were_composed(self) -> None:
        assert safety.mail_address("email", "gra\u0302ce@x.example") == "gr\u00e2ce@x.example"

    @pytest.mark.parametrize(
        "address",
        [
            "", "grace", "@example.com", "grace@", "a@b@c.example", "a b@x.example",
            "a@x.example\r\nBcc: b@x.example",
            "a@x.example,b@x.example", '"a b"@x.example', "a@[127.0.0.1]", "a..b@x.example",
            ".a@x.example",
            "=?utf-8?q?x?=@x.example", "a@-x.example",
            "a\u200bb@x.example", "a\u202eb@x.example", "a\u00a0b@x.example", "\u0301a@x.example",
            "é\ud800@x.example",
            "«a»@x.example", "a；b@x.example", "a\u037eb@x.example", "é..b@x.example",
            "é" * 33 + "@x.example",
            "a@x..example", "a@x.example\u2028",
            "x" * 65 + "@x.example", "a@" + "x" * 64 + ".example", "<a@x.example>",
            "a@x.example(comment)",
        ],
    )  # fmt: skip
    def test_that_two_programs_could_read_differently_are_refused(self, address: str) -> None:
        if address.strip() != address and "\r" not in address:
            address = f"x{address}"
        with pytest.raises(Invalid):
            Recipient("Grace", address, "UTC", "en", "participant")

    def test_with_a_name_are_read_for_the_settings(self) -> None:
        assert safety.mailbox("mail_from", "Coaching <c@x.example>") == ("Coaching", "c@x.example")
        assert safety.mailbox("mail_from", '"Coaching, Ltd" <c@x.example>') == (
            "Coaching, Ltd",
            "c@x.example",
        )
        assert safety.mailbox("mail_from", "c@x.example") == ("", "c@x.example")
        for wrong in ("Coaching", "a <b> <c@x.example>", ""):
            with pytest.raises(Invalid):
                safety.mailbox("mail_from", wrong)

    def test_a_zone_or_a_role_that_is_none_is_refused(self) -> None:
        with pytest.raises(Invalid):
            replace(GRACE, zone="Mars/Olympus")
        with pytest.raises(Invalid):
            Recipient("Grace", "g@x.example", "UTC", "en", "eavesdropper")  # type: ignore[arg-type]  # as from JSON
