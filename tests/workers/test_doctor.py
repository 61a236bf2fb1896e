"""The doctor finds what is wrong and says the next step, and one illness never hides another."""

from dataclasses import replace

import pytest

from storage.schema import database
from tests.support.callback_server import SECRET, Platform
from tests.support.in_process import House, client
from workers.broker import create_redis
from workers.delivery.webhook_sender import Receiver
from workers.doctor import examine
from workers.doctor.finding import Finding
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
    rows = {"writes", "secrets", "workers", "backlog", "channels", "audit"}
    rooms = {"disk of the database", "temporary folder"}
    if house.runtime.services.database.engine.dialect.name != "sqlite":
        rooms = {"temporary folder", "connections"}
    neighbours = {"redis", "redis memory", "clock", "cronofy", "mail"}
    assert set(found) == {"database", "schema", "settings", *neighbours, *rooms, *rows}


def test_without_a_database_the_rest_is_still_examined(house: House) -> None:
    away = replace(
        house.runtime.services, database=database.create("postgresql://nobody@127.0.0.1:9/none")
    )
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


# -- where callbacks go
# ---------------------------------------------------------------------------------------


def told_to(house: House, url: str) -> Finding:
    """What the doctor says of callbacks that go there."""
    receiver = Receiver(url, [SECRET], deadline=10, at_once=1)
    try:
        return findings(replace(house.runtime.services, receiver=receiver))["callbacks"]
    finally:
        receiver.close()


@pytest.mark.parametrize("status", [204, 302, 401, 404, 405, 501])
def test_a_platform_that_answers_is_well_whatever_it_says_to_a_look(
    house: House, platform: Platform, status: int
) -> None:
    platform.answer(status)
    found = told_to(house, f"{platform.origin}/looked-at")
    assert (found.detail, found.next_step) == (f"the platform answers ({status} to a HEAD)", "")
    # It was told nothing
    assert [(call.path, call.body) for call in platform.calls] == [("/looked-at", b"")]


def test_a_platform_that_is_ill_is_told(house: House, platform: Platform) -> None:
    platform.answer(502)
    assert told_to(house, f"{platform.origin}/looked-at").next_step == "ask the platform's ops"


@pytest.mark.parametrize(
    ("url", "detail"),
    [
        ("https://nobody.invalid/told", "its name does not resolve"),
        ("http://127.0.0.1:9/told", "ConnectionError"),
        ("{tls}", "SSLError"),
    ],
)
def test_a_platform_that_cannot_be_reached_is_told_with_what_is_kept(
    house: House, platform: Platform, url: str, detail: str
) -> None:
    found = told_to(house, url.format(tls=platform.origin.replace("http:", "https:")))
    assert detail in found.detail
    assert "COACHCAL_CALLBACK_URL" in found.next_step
    assert "kept meanwhile" in found.next_step
