"""A company's mails bring its name, its colour, its logo and whom to ask; everybody else's are as
they were. Address and organizer are never anybody's but ours.
"""

import re
from dataclasses import replace

from domain import logos
from domain.brands import Brand, contrast
from domain.mail import LANGUAGES
from domain.mail.choice import Template
from domain.mail.support import Support
from domain.sessions import NO_CONTEXT
from storage.rows import brands
from tests.domain.letters import ADA, FACTS, NOW, SENDER
from tests.domain.pictures import png
from tests.support.mail_delivery import ORGANIZER, Mailroom
from tests.support.mail_server import Taken
from workers.mailer import letters, message

GRACE = "grace@example.test"
LOGO = logos.picture(png(600, 120))
ACME = Brand("Acme, Inc. “Coaching”", Support.of("help@acme.test"), "#ffd400")
BRANDED = replace(ACME, logo=LOGO.logo, site="https://calendars.test")
BUTTON = re.compile(r"inline-block;background-color:(#\w{6});color:(#\w{6})")
USUAL = ("#1d4ed8", "#ffffff")


def page_of(taken: Taken) -> str:
    body = taken.message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def sent_by(taken: Taken) -> tuple[str, str]:
    [sender] = taken.message["From"].addresses
    return sender.display_name, sender.addr_spec


def test_the_mails_of_a_company_s_bookings_have_its_looks(mailroom: Mailroom) -> None:
    with mailroom.database.write() as tx:
        brands.put(tx, "acme", ACME)
        brands.put_logo(tx, "acme", LOGO)
    mailroom.book()
    mailroom.work()
    [mail] = mailroom.office.to(GRACE)
    assert sent_by(mail) == (ACME.sender_name, ORGANIZER)
    assert mail.line("ORGANIZER") == f"mailto:{ORGANIZER}"
    assert f'src="http://127.0.0.1:9{LOGO.logo.path}"' in page_of(mail)
    [to_coach] = mailroom.office.to("ada@example.test")
    assert "help@acme.test" in page_of(to_coach)


def test_who_belongs_to_no_company_gets_the_deployment_s(mailroom: Mailroom) -> None:
    with mailroom.database.write() as tx:
        brands.put(tx, "acme", ACME)
    mailroom.book(context=NO_CONTEXT)
    mailroom.work()
    [mail] = mailroom.office.to(GRACE)
    assert sent_by(mail) == ("Coaching", ORGANIZER)
    assert "<img" not in page_of(mail)


def test_a_change_of_looks_makes_no_second_mail_and_keeps_the_thread(mailroom: Mailroom) -> None:
    done = mailroom.book()
    mailroom.work()
    with mailroom.database.write() as tx:
        brands.put(tx, "acme", ACME)
    mailroom.cancel(done.booking)
    mailroom.work()
    first, second = mailroom.office.to(GRACE)
    assert second.message["In-Reply-To"] == first.id
    assert first.line("ORGANIZER") == second.line("ORGANIZER")


def test_the_button_has_the_colour_and_a_text_that_can_be_read_on_it() -> None:
    for language in LANGUAGES:
        mail = letters.preview("booked", language, None, sender=SENDER, now=NOW, brand=BRANDED)
        [(ground, text)] = BUTTON.findall(mail.html)
        assert ground == "#ffd400"
        assert contrast(ground, text) >= 4.5
    plain = letters.preview("booked", "en", None, sender=SENDER, now=NOW)
    assert BUTTON.findall(plain.html) == [USUAL]
    assert "<img" not in plain.html


def test_the_logo_stands_on_top_with_its_size_and_the_sender_s_name() -> None:
    shown = f'<img src="https://calendars.test{LOGO.logo.path}" alt="Acme, Inc. “Coaching”"'
    for choice in (None, Template("en", "Hello", "You meet {{coach_name}}.")):
        mail = letters.preview("booked", "en", choice, sender=SENDER, now=NOW, brand=BRANDED)
        assert f'{shown} width="200" height="40"' in mail.html
        body = mail.html.partition("max-width:600px")[2]
        assert body.index("<img") < body.index("Ada")


def test_a_name_is_no_tag_and_no_token() -> None:
    nasty = replace(BRANDED, sender_name='"><script>{{my_page_url}} {{nothing}}')
    mail = letters.write(FACTS, "default", sender=SENDER, now=NOW, brand=nasty)
    assert "<script" not in mail.html
    assert "&#123;&#123;nothing}}" in mail.html
    assert message.serialise(mail)


def test_a_coach_who_has_to_reconnect_is_written_to_by_the_deployment() -> None:
    """A `relink` is about a coach, who belongs to no one company."""
    relink = replace(FACTS, kind="relink", recipient=ADA, relink_url="https://here.test/p/x")
    assert relink.company is None
    usual = Brand("Coaching", Support.of("help@us.test"), "#0b5394")
    mail = letters.write(relink, "default", sender=SENDER, now=NOW, brand=Brand().over(usual))
    assert mail.sender == SENDER.mailbox
    assert "help@us.test" in mail.text
    assert BUTTON.findall(mail.html) == [("#0b5394", "#ffffff")]
