"""What every mailer promises: SMTP, memory and console keep the same contract."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from typing import Protocol

import pytest

from tests.domain.letters import FACTS, NOW, SENDER
from tests.support.memory_mailer import MemoryMailer
from tests.workers.mailer.postman import HOST, Postman, running
from workers.mailer import Mailer, MailError
from workers.mailer.console import RULE, ConsoleMailer
from workers.mailer.letters import write
from workers.mailer.message import serialise
from workers.mailer.server import MailServer
from workers.mailer.smtp import SmtpMailer

MAIL = write(FACTS, "default", sender=SENDER, now=NOW)
MESSAGE = serialise(MAIL)


class Box(Protocol):
    """A mailer, and the other side of it."""

    @property
    def mailer(self) -> Mailer: ...

    def arrived(self) -> list[tuple[str, tuple[str, ...], str]]:
        """Envelope sender, recipients and subject of what was accepted."""


class PickyBox(Box, Protocol):
    """One that can refuse."""

    def refuse(self, address: str, reply: str) -> None: ...


@dataclass
class SmtpBox:
    mailer: Mailer
    postman: Postman

    def arrived(self) -> list[tuple[str, tuple[str, ...], str]]:
        return [
            (str(e.mail_from), tuple(e.rcpt_tos), _subject(e.content)) for e in self.postman.taken
        ]

    def refuse(self, address: str, reply: str) -> None:
        self.postman.recipients[address] = reply


@dataclass
class MemoryBox:
    mailer: MemoryMailer

    def arrived(self) -> list[tuple[str, tuple[str, ...], str]]:
        return [
            (sent.sender, sent.recipients, str(sent.parsed["Subject"])) for sent in self.mailer.sent
        ]

    def refuse(self, address: str, reply: str) -> None:
        code = reply[:3]
        self.mailer.refuse(
            address, MailError(code, permanent=code.startswith("5"), about="address")
        )


@dataclass
class ConsoleBox:
    mailer: Mailer
    stream: io.StringIO

    def arrived(self) -> list[tuple[str, tuple[str, ...], str]]:
        found = []
        for printed in self.stream.getvalue().split(f"{RULE}\nmail ")[1:]:
            head, _, rest = printed.partition("\n")
            sender, _, recipients = head.partition(" -> ")
            subject = next(line for line in rest.splitlines() if line.startswith("Subject: "))
            found.append((sender, tuple(recipients.split(", ")), subject.removeprefix("Subject: ")))
        return found


def _subject(content: bytes | str | None) -> str:
    assert isinstance(content, bytes)
    return str(message_from_bytes(content, policy=policy.SMTP)["Subject"])


@pytest.fixture
def smtp_box() -> Iterator[SmtpBox]:
    with running() as postman:
        mailer = SmtpMailer(
            MailServer(HOST, postman.port, "none"), greeting="coaching.example", deadline=60
        )
        yield SmtpBox(mailer, postman)
        mailer.close()


@pytest.fixture(params=["smtp", "memory", "console"])
def box(request: pytest.FixtureRequest) -> Box:
    if request.param == "smtp":
        found: Box = request.getfixturevalue("smtp_box")
        return found
    if request.param == "memory":
        return MemoryBox(MemoryMailer())
    stream = io.StringIO()
    return ConsoleBox(ConsoleMailer(stream), stream)


@pytest.fixture(params=["smtp", "memory"])
def picky_box(request: pytest.FixtureRequest) -> PickyBox:
    if request.param == "smtp":
        found: PickyBox = request.getfixturevalue("smtp_box")
        return found
    return MemoryBox(MemoryMailer())


def send(box: Box, *recipients: str) -> None:
    box.mailer.send(MESSAGE, MAIL.sender.email, recipients or (MAIL.to.email,))


def test_what_is_sent_arrives_with_its_envelope(box: Box) -> None:
    send(box)
    assert box.arrived() == [("mail@coaching.example", ("grace@example.com",), MAIL.subject)]


def test_one_message_goes_to_several_recipients(box: Box) -> None:
    send(box, "a@example.com", "b@example.com")
    assert [recipients for _, recipients, _ in box.arrived()] == [
        ("a@example.com", "b@example.com")
    ]


def test_threads_share_it(box: Box) -> None:
    threads = [
        threading.Thread(target=send, args=(box, f"{number}@example.com")) for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(recipients for _, recipients, _ in box.arrived()) == [
        (f"{n}@example.com",) for n in range(8)
    ]


def test_it_may_be_closed_and_used_again(box: Box) -> None:
    send(box)
    box.mailer.close()
    send(box)
    box.mailer.close()
    assert len(box.arrived()) == 2


@pytest.mark.parametrize(
    ("reply", "permanent"), [("550 5.1.1 no such user", True), ("451 4.2.0 come again", False)]
)
def test_a_refusal_says_whether_it_is_final(
    picky_box: PickyBox, reply: str, permanent: bool
) -> None:
    picky_box.refuse("grace@example.com", reply)
    with pytest.raises(MailError) as refused:
        send(picky_box)
    assert (refused.value.permanent, refused.value.about, refused.value.code) == (
        permanent,
        "address",
        reply[:3],
    )
    assert "grace" not in str(refused.value)
    assert picky_box.arrived() == []


def test_one_refused_recipient_does_not_keep_the_mail_from_the_others(picky_box: PickyBox) -> None:
    picky_box.refuse("a@example.com", "550 5.1.1 no such user")
    picky_box.refuse("b@example.com", "452 4.2.2 mailbox full")
    with pytest.raises(MailError) as refused:
        send(picky_box, "a@example.com", "b@example.com", "c@example.com")
    assert {address: error.permanent for address, error in refused.value.refused.items()} == {
        "a@example.com": True,
        "b@example.com": False,
    }
    assert not refused.value.permanent, "somebody may still get it"
    assert [recipients for _, recipients, _ in picky_box.arrived()] == [("c@example.com",)]


def test_a_refusal_does_not_spoil_the_next_mail(picky_box: PickyBox) -> None:
    picky_box.refuse("a@example.com", "550 no")
    with pytest.raises(MailError):
        send(picky_box, "a@example.com")
    send(picky_box, "b@example.com")
    assert [recipients for _, recipients, _ in picky_box.arrived()] == [("b@example.com",)]


@pytest.mark.parametrize(
    "address",
    [
        "a@example.com>\r\nRCPT TO:<eve@example.com",
        "a@example.com>, <eve@example.com",
        "a, b@example.com",
        "e\u0301@x.example",
    ],
)
def test_an_address_that_is_not_exactly_one_is_refused_for_good(box: Box, address: str) -> None:
    with pytest.raises(MailError) as refused:
        send(box, "grace@example.com", address)
    assert (refused.value.code, refused.value.permanent, refused.value.about) == (
        "not_an_address",
        True,
        "address",
    )
    with pytest.raises(MailError) as refused:
        box.mailer.send(MESSAGE, address, ["grace@example.com"])
    assert (refused.value.permanent, refused.value.about) == (False, "server")
    assert box.arrived() == []


def test_smtp_delivers_every_byte(smtp_box: SmtpBox) -> None:
    dotted = MESSAGE + b".\r\n..\r\nFrom x\r\n"
    smtp_box.mailer.send(dotted, "a@example.com", ["b@example.com"])
    assert smtp_box.postman.taken[0].content == dotted


def test_the_console_shows_the_text_and_the_calendar_and_no_tags() -> None:
    stream = io.StringIO()
    ConsoleMailer(stream).send(MESSAGE, "a@example.com", ["b@example.com"])
    assert MAIL.text in stream.getvalue()
    assert "METHOD:REQUEST" in stream.getvalue()
    assert "<html" not in stream.getvalue()


def test_memory_accepts_again_what_it_refused() -> None:
    box = MemoryBox(MemoryMailer())
    box.refuse("grace@example.com", "450 later")
    with pytest.raises(MailError):
        send(box)
    box.mailer.accept("grace@example.com")
    send(box)
    assert box.mailer.sent[0].message == MESSAGE
