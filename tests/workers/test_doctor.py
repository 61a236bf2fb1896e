"""The doctor finds what is wrong and says the next step, and one illness never hides another."""

from dataclasses import replace

from storage import database
from tests.house import House, client
from workers.broker import create_redis
from workers.doctor import Finding, examine
from workers.services import Services


def findings(services: Services) -> dict[str, Finding]:
    return {finding.check: finding for finding in examine(services)}


def ailing(services: Services) -> set[str]:
    return {finding.check for finding in examine(services) if finding.next_step}


def test_a_healthy_system_has_nothing_to_do(house: House) -> None:
    house.introduce()
    house.refresh(house.connect().connection_id)
    found = findings(house.runtime.services)
    assert [finding for finding in found.values() if finding.next_step] == []
    assert set(found) == {"database", "schema", "redis", "cronofy", "backlog", "channels", "audit"}


def test_without_a_database_the_rest_is_still_examined(house: House) -> None:
    away = replace(house.runtime.services, database=database.create("postgresql://nobody@127.0.0.1:9/none"))
    found = findings(away)
    assert "DATABASE_URL" in found["database"].next_step
    assert not found["redis"].next_step
    assert not found["cronofy"].next_step
    away.database.close()


def test_a_schema_of_another_release_is_told(house: House) -> None:
    empty = replace(house.runtime.services, database=database.create("sqlite://"))
    assert "migrate" in findings(empty)["schema"].next_step
    empty.database.close()


def test_without_redis_it_says_that_pushes_are_kept(house: House) -> None:
    away = replace(house.runtime.services, redis=create_redis("redis://127.0.0.1:9", timeout=0.2))
    assert "pushes are kept" in findings(away)["redis"].next_step


def test_wrong_credentials_are_told_apart_from_an_unreachable_cronofy(house: House) -> None:
    services = house.runtime.services
    wrong = client(services, house.sandbox.origin, "cid", "wrong")
    assert "dashboard" in findings(replace(services, cronofy=wrong))["cronofy"].next_step
    away = client(services, "http://127.0.0.1:9", "cid", "wrong")
    assert "reaches" in findings(replace(services, cronofy=away))["cronofy"].next_step


def test_a_channel_that_cronofy_closed_silently_is_found(house: House) -> None:
    house.introduce()
    account = house.connect()
    house.refresh(account.connection_id)
    (channel,) = house.control.state()["channels"]
    house.control.close_channel(channel["id"])
    assert ailing(house.runtime.services) == {f"channel of {account.connection_id}"}


def test_a_read_owed_for_long_is_told(house: House) -> None:
    house.introduce()
    account = house.connect()
    house.set_row(account.connection_id, dirty_since_ms=1)
    assert "coachcal clock" in findings(house.runtime.services)["backlog"].next_step
