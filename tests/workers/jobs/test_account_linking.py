"""Connecting an account: a state is good once, a person may say no, and an account stays with its
coach.
"""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from storage.rows import connections as connection_rows
from storage.rows import oauth_states
from tests.support import people
from tests.support.in_process import BROWSER, House
from workers.jobs import account_linking


def test_the_link_asks_for_a_calendar_of_its_own_and_comes_back_to_us(house: House) -> None:
    house.introduce()
    link = account_linking.begin(house.runtime.services, "ada", browser=BROWSER, provider="google")
    assert link is not None
    query = parse_qs(urlsplit(link).query)
    assert query["redirect_uri"] == [f"{house.runtime.settings.base_url}/connect/callback"]
    assert query["avoid_linking"] == ["true"]
    assert query["provider_name"] == ["google"]
    assert len(query["state"][0]) >= 40


def test_nobody_connects_for_a_coach_who_is_not_there(house: House) -> None:
    assert account_linking.begin(house.runtime.services, "nobody", browser=BROWSER) is None
    assert account_linking.invite(house.runtime.services, "nobody") is None


def test_a_state_that_was_never_issued_is_refused(house: House) -> None:
    services, actors = house.runtime.services, house.runtime.actors
    with pytest.raises(account_linking.UnknownState):
        account_linking.come_back(services, "made up", browser=BROWSER, code="x", declined=False)
    with pytest.raises(account_linking.UnknownState):
        account_linking.confirm(services, actors, "made up", browser=BROWSER)
    with pytest.raises(account_linking.UnknownState):
        account_linking.decline(services, "made up", browser=BROWSER)


def test_a_made_up_code_connects_nothing_even_if_it_is_confirmed(house: House) -> None:
    house.introduce()
    services, actors = house.runtime.services, house.runtime.actors
    link = account_linking.begin(services, "ada", browser=BROWSER)
    state = parse_qs(urlsplit(str(link)).query)["state"][0]
    assert account_linking.confirm(services, actors, state, browser=BROWSER).outcome is None
    back = account_linking.come_back(
        services, state, browser=BROWSER, code="made-up", declined=False
    )
    assert back.outcome == "refused"
    assert account_linking.confirm(services, actors, state, browser=BROWSER) == back
    with services.database.read() as tx:
        assert connection_rows.of_coach(tx, "ada") == []


def test_whoever_died_while_asking_lets_the_person_begin_again(house: House) -> None:
    house.introduce()
    services = house.runtime.services
    link = account_linking.begin(services, "ada", browser=BROWSER)
    state = parse_qs(urlsplit(str(link)).query)["state"][0]
    with services.database.write() as tx:
        ends = people.NOW + account_linking.ASKING
        assert oauth_states.advance(tx, state, BROWSER, None, oauth_states.Now("asking", ends))
    back = account_linking.come_back(services, state, browser=BROWSER, code="x", declined=False)
    assert back.outcome == "asking"
    later = replace(services, now=lambda: ends)
    with pytest.raises(account_linking.UnknownState):
        account_linking.come_back(later, state, browser=BROWSER, code="x", declined=False)


def test_a_coach_may_connect_several_accounts_and_all_of_them_block(house: House) -> None:
    house.introduce()
    start = people.NOW.replace(day=2, hour=10)
    for name, days in (("work", 0), ("home", 1)):
        account = house.connect("ada", email=f"{name}@example.test")
        begins = start + timedelta(days=days)
        house.control.add_event(account.calendar, begins, begins + timedelta(hours=1), notify=False)
        house.refresh(account.connection_id)
    found = set(house.listing().slots.open_starts(60))
    assert found.isdisjoint({people.at(2, 10), people.at(3, 10)})
    assert people.at(4, 10) in found


def test_connecting_again_before_the_erasure_ran_keeps_the_new_connection(house: House) -> None:
    house.introduce()
    account = house.connect()
    house.mark_for_erasure(account.connection_id)
    again = house.connect_again(account)
    house.refresh(again)
    assert house.listing().state == "fresh"


def test_another_coach_s_account_is_refused(house: House) -> None:
    house.introduce()
    house.introduce(people.coach(id="grace"))
    account = house.connect("ada")
    with pytest.raises(connection_rows.AccountInUse):
        house.connect_again(account, "grace")
    with house.runtime.services.database.read() as tx:
        assert connection_rows.of_coach(tx, "grace") == []


def test_accounts_are_listed_in_the_order_they_were_connected(house: House) -> None:
    """And so the first one's main calendar goes on receiving sessions when another
    account comes.
    """
    house.introduce()
    clock, ids = [people.NOW], []
    house.runtime = replace(
        house.runtime, services=replace(house.runtime.services, now=lambda: clock[0])
    )
    for name in ("first", "second", "third", "fourth"):
        clock[0] += timedelta(minutes=1)
        ids.append(house.connect("ada", email=f"{name}@example.test").connection_id)
    with house.runtime.services.database.read() as tx:
        assert [account.id for account in connection_rows.of_coach(tx, "ada")] == ids
