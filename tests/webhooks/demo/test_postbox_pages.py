"""The demo's post box in a browser: each mail with its parts, and nothing in it runs, loads or
sends.
"""

from email.message import EmailMessage
from html.parser import HTMLParser

import pytest
import requests

from tests.domain.letters import NASTY, NOW, SENDER, named
from tests.webhooks.demo.box import ME, OURS, YOU, get, send
from webhooks.demo.postbox import Postbox
from workers.mailer import letters
from workers.mailer.message import serialise

SCRIPT = "<script>alert(1)</script>"


def policy(response: requests.Response) -> dict[str, str]:
    rules = (
        rule.strip().partition(" ")
        for rule in response.headers["Content-Security-Policy"].split(";")
    )
    return {name: value for name, _, value in rules}


class Outline(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def test_the_list_names_each_mail_with_its_time_zone_recipient_and_calendar_method(
    postbox: Postbox,
) -> None:
    send(postbox, serialise(OURS))
    send(postbox, b"Subject: plain\n\nhello", "a@example.com", "b@example.com")
    page = Outline(get(postbox).text)
    words = " ".join(page.text.split())
    assert words.index("plain none") < words.index(OURS.subject)  # the newest first
    assert "a@example.com, b@example.com" in words
    assert "Mon 01 Jun 2026, 08:00:00 UTC you@example.com" in words
    assert f"{OURS.subject} REQUEST, sequence 0" in words
    assert [link["href"] for link in page.all("a")] == ["/", "/mails/2", "/mails/1"]


def test_an_empty_box_says_so(postbox: Postbox) -> None:
    assert "No mail has come yet." in get(postbox).text
    assert get(postbox, "/mails.json").json() == []


def test_a_mail_is_shown_with_its_headers_and_its_three_parts(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    page = Outline(get(postbox, "/mails/1").text)
    words = " ".join(page.text.split())
    for shown in (
        f"Message-ID{OURS.message_id}",
        f"Subject{OURS.subject}",
        "From",
        "mail@coaching.example",
    ):
        assert shown in words, shown
    assert " ".join(OURS.text.split()) in words
    assert "METHOD:REQUEST" in page.text.splitlines()
    assert "REQUEST, sequence 0, event sample@example.com" in words
    (frame,) = page.all("iframe")
    assert frame == {"sandbox": "", "title": "The mail's HTML part", "src": "/mails/1/html"}
    assert get(postbox, "/mails/1/html").text.strip() == OURS.html.strip()


def test_a_mail_names_the_one_that_it_answers(postbox: Postbox) -> None:
    moved = letters.preview("rebooked", "de", None, sender=SENDER, now=NOW)
    letter = send(postbox, serialise(moved))
    answered = dict(letter.headers)["In-Reply-To"]
    assert answered == dict(moved.headers)["In-Reply-To"]
    assert f"In-Reply-To{answered}" in " ".join(Outline(get(postbox, "/mails/1").text).text.split())


def test_the_html_part_may_run_load_and_send_nothing(postbox: Postbox) -> None:
    send(postbox, serialise(OURS))
    response = get(postbox, "/mails/1/html")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert policy(response) == {
        "default-src": "'none'",
        "style-src": "'unsafe-inline'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'self'",
        "sandbox": "",
    }


@pytest.mark.parametrize(
    "path", ["/", "/mails/1", "/mails/1/raw", "/mails.json", "/static/style.css", "/nowhere"]
)
def test_every_other_answer_may_only_use_the_box_s_own_style_and_frame(
    postbox: Postbox, path: str
) -> None:
    send(postbox, serialise(OURS))
    response = requests.get(postbox.url + path, timeout=60)
    assert policy(response) == {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "frame-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("path", ["/", "/mails/1", "/mails/2"])
def test_the_pages_keep_the_policy_and_are_accessible(postbox: Postbox, path: str) -> None:
    send(postbox, serialise(OURS))
    send(postbox, b"\n")
    page = Outline(get(postbox, path).text)
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1
    assert all(head["scope"] in ("row", "col") for head in page.all("th"))
    assert page.all("th")
    assert len(page.all("caption")) == len(page.all("table"))
    assert not any(
        name == "style" or name.startswith("on") for _, given in page.elements for name in given
    )
    assert [script["src"] for script in page.all("script")] == ["/static/times.js"]
    assert not page.all("style")
    (_, sheet) = page.all("link")
    assert get(postbox, str(sheet["href"])).headers["Content-Type"] == "text/css; charset=utf-8"


def test_a_script_in_a_subject_is_only_text(postbox: Postbox) -> None:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = SCRIPT, f'"{SCRIPT}" <{ME}>', YOU
    message.set_content(f"</pre>{SCRIPT}")
    message.add_alternative(
        f"{SCRIPT}<img src='http://tracker.example/x.png' onerror='alert(1)'>", subtype="html"
    )
    message.add_alternative(f"METHOD:{SCRIPT}\nUID:{SCRIPT}\n</pre>{SCRIPT}", subtype="calendar")
    letter = send(postbox, message.as_bytes())
    assert letter.subject == SCRIPT
    for path in ("/", "/mails/1"):
        page = Outline(get(postbox, path).text)
        assert SCRIPT in page.text
        assert len(page.all("script")) == 1  # ours
        assert not page.all("img")
    page = Outline(get(postbox, "/mails/1/html").text)
    assert page.all("script")  # as it came; that it cannot act is the policy's doing, see above


@pytest.mark.parametrize("name", NASTY)
def test_whatever_people_are_called_the_pages_stay_whole(postbox: Postbox, name: str) -> None:
    mail = letters.write(named(name), "default", sender=SENDER, now=NOW)
    assert send(postbox, serialise(mail)).subject == mail.subject
    shown = Outline(get(postbox, "/mails/1").text)
    empty = [element for element, _ in Outline(get(postbox).text).elements]
    assert mail.subject in shown.text
    assert (
        [element for element, _ in shown.elements].count("script") == empty.count("script") == 1
    )  # ours
