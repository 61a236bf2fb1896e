"""The link in a mail leads its coach to the page where it is settled, and nobody else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.mail import MailFacts
from domain.mail.sample import sample
from storage.schema import tables
from tests.support import people
from tests.support.http_client import Desk
from tests.support.page_visitor import Visitor, follow
from tests.webhooks.pages.links.kit import later, refused
from workers.delivery import page_links


def mailed(desk: Desk, **changes: Any) -> tuple[MailFacts, str]:
    """A mail to Ada of a session in three days, and the path of its link."""
    facts = sample("event_moved", "en", now=people.NOW)
    facts = replace(facts, starts=people.at(4, 9), ends=people.at(4, 10), changes_url=None)
    facts = page_links.linked(desk.runtime.services, replace(facts, **changes), "ada")
    return facts, "/p/" + str(facts.changes_url).rpartition("/p/")[2]


def test_a_mail_s_link_opens_once_in_one_browser_until_the_session_begins(one_desk: Desk) -> None:
    _, path = mailed(one_desk)
    # A scanner keeps no cookie, and spends nothing
    scanner = one_desk.client.application.test_client(use_cookies=False)
    assert scanner.get(path).status_code == 303
    ada, eve = (Visitor(one_desk.client.application.test_client()) for _ in range(2))
    opened = follow(ada.client, path)
    assert (opened.status_code, opened.location) == (303, "/book/changes")
    assert ada.get("/book/changes").status_code == 200
    assert ada.get("/book").status_code == 200
    assert follow(ada.client, path).status_code == 303
    refused(follow(eve.client, path), 410, "another browser")


def test_it_is_over_when_the_session_begins(one_desk: Desk) -> None:
    _, path = mailed(one_desk)
    with later(one_desk, timedelta(days=3, hours=2)) as then:
        refused(follow(then.client, path), 410, "too old")
    with later(one_desk, timedelta(days=3)) as then:
        assert follow(then.client, path).status_code == 303


def test_a_mail_that_is_tried_again_makes_no_second_link_and_spends_none(one_desk: Desk) -> None:
    facts, path = mailed(one_desk)
    ada = Visitor(one_desk.client.application.test_client())
    assert follow(ada.client, path).status_code == 303
    again, same = mailed(one_desk)
    assert (again, same) == (facts, path)
    assert ada.get("/book/changes").status_code == 200
    with one_desk.database.read() as tx:
        assert len(tx.execute(tables.links.select()).all()) == 1
    assert mailed(one_desk, nonce="another mail")[1] != path


def test_the_link_of_a_coach_who_is_gone_opens_nothing(one_desk: Desk) -> None:
    _, path = mailed(one_desk)
    with one_desk.database.write() as tx:
        tx.execute(tables.coaches.delete())
    ada = Visitor(one_desk.client.application.test_client())
    refused(follow(ada.client, path), 403, "do not know this link")


def test_a_mail_about_a_service_leads_to_where_it_is_connected(one_desk: Desk) -> None:
    facts = replace(sample("relink_conferencing", "en", now=people.NOW), relink_url=None)
    led = page_links.connecting(one_desk.runtime.services, facts, "ada")
    ada = Visitor(one_desk.client.application.test_client())
    opened = follow(ada.client, "/p/" + str(led.relink_url).rpartition("/p/")[2])
    assert (opened.status_code, opened.location) == (303, "/settings/more")
    assert "Connect Zoom" in ada.client.get("/settings/more").text
    # Where the service has a link of its own, that is the nearer one
    own = replace(facts, relink_url="https://app.cronofy.com/relink/1")
    assert page_links.connecting(one_desk.runtime.services, own, "ada") == own


def test_no_token_stands_in_a_row(one_desk: Desk) -> None:
    _, path = mailed(one_desk)
    assert path.removeprefix("/p/") not in repr(one_desk.dump())
