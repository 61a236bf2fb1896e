"""The page "More settings": beside the settings, of the same visit; each section is a form that
saves only itself.
"""

import pytest

from tests.support.http_client import Desk
from tests.support.settings_page import stored

PAGE = "/settings/more"


def test_the_settings_lead_to_it_and_it_leads_back(desk: Desk, csrf: str) -> None:
    assert "href=/settings/more>More settings</a>" in desk.client.get("/settings").text
    page = desk.client.get(PAGE)
    assert page.status_code == 200
    assert '<a href="/settings">' in page.text


def test_a_section_that_there_is_not_and_a_visit_that_is_not(desk: Desk, csrf: str) -> None:
    nothing = desk.client.post(f"{PAGE}/nothing", data={"csrf": csrf, "version": "1"})
    assert nothing.status_code == 404
    stranger = desk.client.application.test_client()
    assert stranger.get(PAGE).status_code == 401


@pytest.mark.parametrize("policy", ["restore", "follow", "ask"])
def test_what_becomes_of_a_changed_event_is_chosen(
    desk: Desk, csrf: str, ada: str, policy: str
) -> None:
    sent = {"csrf": csrf, "version": str(stored(desk).version), "event_policy": policy}
    saved = desk.client.post(f"{PAGE}/event_policy", data=sent)
    assert saved.location == f"{PAGE}?saved=event_policy#event_policy"
    assert stored(desk).event_policy == policy
    assert f'value="{policy}" checked' in desk.client.get(PAGE).text


@pytest.mark.parametrize("policy", ["", "cancel"])
def test_another_policy_is_none(desk: Desk, csrf: str, ada: str, policy: str) -> None:
    sent = {"csrf": csrf, "version": str(stored(desk).version), "event_policy": policy}
    page = desk.client.post(f"{PAGE}/event_policy", data=sent)
    assert page.status_code == 422
    assert "Choose one of the options." in page.text
    assert stored(desk).event_policy == "ask"


def test_a_form_without_its_token_or_its_version_saves_nothing(
    desk: Desk, csrf: str, ada: str
) -> None:
    whole = {"csrf": csrf, "version": "1", "event_policy": "follow"}
    for wrong in ({"csrf": "x"}, {"version": "x"}, {"version": "9" * 12}):
        assert desk.client.post(f"{PAGE}/event_policy", data=whole | wrong).status_code == 403
    assert stored(desk).event_policy == "ask"
