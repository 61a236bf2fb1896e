"""The page "More settings": beside the settings, of the same visit; each section is a form that
saves only itself.
"""

from tests.support.http_client import Desk

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
