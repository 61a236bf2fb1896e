"""Where sessions are by default is a setting, and one that means no place stops the start."""

import pytest
from pydantic import ValidationError

from domain.places import Place, Rule
from workers.settings import Settings

ROOM = Place("url", "https://meet.example/ours?a=b")


@pytest.mark.parametrize(
    ("place", "kinds", "said"),
    [
        ("", "", Rule("deployment")),
        ("conferencing", "", Rule("deployment", "", Place("conferencing"))),
        ("url https://meet.example/ours?a=b", "", Rule("deployment", "", ROOM)),
        ("", "url, phone", Rule("deployment", kinds=("url", "phone"))),
        ("address 12 High Street, Leeds", "address", Rule("deployment", "",
         Place("address", "12 High Street, Leeds"), ("address",))),
    ],
)  # fmt: skip
def test_the_deployment_says_where(
    environment: pytest.MonkeyPatch, place: str, kinds: str, said: Rule
) -> None:
    environment.setenv("COACHCAL_PLACE", place)
    environment.setenv("COACHCAL_PLACE_KINDS", kinds)
    settings = Settings.load()
    assert settings.places == said
    assert "meet.example" not in repr(settings)


@pytest.mark.parametrize(
    ("place", "kinds", "variable"),
    [
        ("zoom", "", "place"),
        ("url", "", "place"),
        ("url javascript:x", "", "place"),
        ("phone call me", "", "place"),
        ("", "zoom", "place_kinds"),
        ("", "url,url", "place_kinds"),
        ("conferencing", "url,phone", "place_kinds"),
    ],
)
def test_what_is_no_place_stops_the_start(
    environment: pytest.MonkeyPatch, place: str, kinds: str, variable: str
) -> None:
    environment.setenv("COACHCAL_PLACE", place)
    environment.setenv("COACHCAL_PLACE_KINDS", kinds)
    with pytest.raises(ValidationError) as wrong:
        Settings.load()
    [error] = wrong.value.errors()
    assert error["loc"][0] == variable
