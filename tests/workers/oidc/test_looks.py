"""What the doctor says of the login provider."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from werkzeug.wrappers import Response

from tests.support import http_client as desks
from tests.support import made_up_provider as made_up
from tests.support.databases import Kind
from tests.support.made_up_provider import MadeUpProvider
from workers.doctor import provider as check
from workers.doctor.contradictions import contradictions
from workers.doctor.finding import Finding

METADATA = "/.well-known/openid-configuration"


@pytest.fixture
def theirs() -> Iterator[MadeUpProvider]:
    with made_up.provided() as provider:
        yield provider


def looked(url: str, **settings: Any) -> list[Finding]:
    with desks.opened(url, broker=StubBroker(), **settings) as desk:
        return list(check.look(desk.runtime.services))


def test_a_provider_is_looked_at_where_one_is_named(
    fresh_database: Callable[[Kind], str], theirs: MadeUpProvider
) -> None:
    url = fresh_database("sqlite")
    assert looked(url) == []
    (well,) = looked(url, **theirs.settings)
    assert (well.detail, well.next_step) == ("tells its addresses and its keys", "")
    theirs.told = {"issuer": f"{theirs.issuer}/"}
    (odd,) = looked(url, **theirs.settings)
    assert "to the letter" in odd.detail
    assert "compare COACHCAL_OIDC_ISSUER" in odd.next_step
    theirs.answers[METADATA] = lambda _: Response("", 503)
    (away,) = looked(url, **theirs.settings)
    assert "503" in away.detail
    assert "keys log in meanwhile" in away.next_step
    assert made_up.SECRET not in f"{well}{odd}{away}"


def test_settings_of_a_provider_without_an_issuer_contradict_themselves() -> None:
    settings = desks.settings_for("sqlite:///x.db", desks.NOWHERE, oidc_act_groups=made_up.ACT)
    found = [detail for detail, _ in contradictions(settings)]
    assert "COACHCAL_OIDC settings have no COACHCAL_OIDC_ISSUER" in found
