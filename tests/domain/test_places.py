"""Places: what one can be, who chooses, and who forbids."""

import pytest

from domain.errors import Invalid
from domain.places import (
    KINDS,
    LONGEST_ADDRESS,
    LONGEST_PHONE,
    SCOPES,
    Kind,
    Place,
    Rule,
    choose,
    join_link,
    usable_link,
    where,
)

ROOM, CALL = Place("url", "https://meet.example/ada"), Place("conferencing")
DESK = Place("address", "12 High Street, Leeds")
PHONE, OS = Place("phone", "+44 20 7946 0018"), Place("platform", "https://os.example/room")


@pytest.mark.parametrize(
    ("kind", "sent", "kept"),
    [
        ("conferencing", None, "default"),
        ("conferencing", "", "default"),
        ("conferencing", "integrated", "integrated"),
        ("conferencing", "pro_c1-A_b", "pro_c1-A_b"),
        ("url", " https://meet.example/a?b=c&d=%C3%A4#e ", "https://meet.example/a?b=c&d=%C3%A4#e"),
        ("url", "HTTP://meet.example:8443/", "HTTP://meet.example:8443/"),
        ("platform", "https://os.example/r/\u00e4", "https://os.example/r/\u00e4"),
        ("phone", " +44  20 7946 0018,\n PIN 1234 ", "+44 20 7946 0018, PIN 1234"),
        ("phone", "\u0660\u0661\u0662", "\u0660\u0661\u0662"),
        ("address", "12 High Street\r\nLeeds", "12 High Street Leeds"),
    ],
)
def test_a_place_is_kept_in_one_line(kind: Kind, sent: str | None, kept: str) -> None:
    place = Place(kind, sent)
    assert place.value == kept
    assert Place.of_json(place.as_json()) == place
    assert Place.of_json(None) is None


@pytest.mark.parametrize(
    ("kind", "sent", "code"),
    [
        ("zoom", "x", "unknown_word"),
        ("conferencing", "explicit", "not_a_profile"),
        ("conferencing", "pro_", "not_a_profile"),
        ("conferencing", "pro_a b", "not_a_profile"),
        ("conferencing", "pro_" + "a" * 200, "not_a_profile"),
        ("url", None, "not_a_link"),
        ("url", "meet.example/ada", "not_a_link"),
        ("url", "javascript:alert(1)", "not_a_link"),
        ("url", "https://meet.example/a b", "not_a_link"),
        ("url", "https://meet.example/a\r\nATTENDEE:mailto:eve@example.com", "not_a_link"),
        ("url", "https://meet.example/\u2028x", "not_a_link"),
        ("url", "https://meet.example/\u202ex", "not_a_link"),
        ("url", "https://meet.example/\u200bx", "not_a_link"),
        ("url", "https://meet.example/\x00", "not_a_link"),
        ("url", "https://meet.example/\u0085x", "not_a_link"),
        ("url", "https://meet.example@evil.example/", "not_a_link"),
        ("url", 'https://meet.example/"onclick=', "not_a_link"),
        ("platform", "https://os.example/" + "a" * 2000, "not_a_link"),
        ("phone", "call me", "not_a_phone_number"),
        ("phone", "  ", "empty"),
        ("phone", "1" * (LONGEST_PHONE + 1), "too_long"),
        ("address", None, "empty"),
        ("address", "\u200b\u2028", "empty"),
        ("address", "a" * (LONGEST_ADDRESS + 1), "too_long"),
    ],
)
def test_what_is_no_place_is_refused(kind: Kind, sent: str | None, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        Place(kind, sent)
    assert refused.value.code == code
    assert refused.value.field == ("place.kind" if code == "unknown_word" else "place.value")


def test_nothing_of_a_place_but_its_kind_is_shown_in_passing() -> None:
    for place in (ROOM, DESK, PHONE, OS):
        assert repr(place) == f"Place(kind='{place.kind}')"


@pytest.mark.parametrize(
    ("place", "assigned", "link", "line"),
    [
        (None, "https://zoom.example/1", None, ""),
        (ROOM, None, "https://meet.example/ada", "https://meet.example/ada"),
        (ROOM, "https://zoom.example/1", "https://meet.example/ada", "https://meet.example/ada"),
        (OS, None, "https://os.example/room", "https://os.example/room"),
        (PHONE, "https://zoom.example/1", None, "+44 20 7946 0018"),
        (DESK, None, None, "12 High Street, Leeds"),
        (CALL, None, None, ""),
        (CALL, "https://zoom.example/1", "https://zoom.example/1", "https://zoom.example/1"),
    ],
)
def test_where_a_session_is_and_what_a_person_opens(
    place: Place | None, assigned: str | None, link: str | None, line: str
) -> None:
    assert join_link(place, assigned) == link
    assert where(place, assigned) == line


NAMED = {"coach": PHONE, "cohort": ROOM, "project": DESK, "company": OS, "deployment": CALL}


@pytest.mark.parametrize("narrowest", range(len(SCOPES)), ids=SCOPES)
def test_the_narrowest_that_names_a_place_decides(narrowest: int) -> None:
    rules = [Rule(scope, "x", NAMED[scope]) for scope in SCOPES[narrowest:]]
    silent = [Rule(scope, "x") for scope in SCOPES[:narrowest]]
    for order in (rules + silent, [*silent, *reversed(rules)]):
        assert choose(order) == NAMED[SCOPES[narrowest]]
        assert choose(order, Place("url", "https://this.example")) != choose(order)


def test_nobody_says_anything() -> None:
    assert choose(()) is None
    assert choose([Rule(scope, "x") for scope in SCOPES]) is None
    assert choose((), ROOM) == ROOM


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", KINDS)
def test_what_one_forbids_cannot_be_asked_for_and_they_are_named(scope: str, kind: Kind) -> None:
    rest = tuple(each for each in KINDS if each != kind)
    rule = Rule(scope, "acme", kinds=rest)  # type: ignore[arg-type]  # each is one of them
    wanted = next(place for place in NAMED.values() if place.kind == kind)
    with pytest.raises(Invalid) as refused:
        choose([Rule("coach", "x"), rule], wanted)
    assert (refused.value.field, refused.value.code) == ("place.kind", "place_forbidden")
    assert f"The {scope} acme allows no {kind}" in refused.value.detail
    assert ", ".join(rest) in refused.value.detail
    allowed = next(place for place in NAMED.values() if place.kind in rest)
    assert choose([rule], allowed) == allowed


def test_of_several_who_forbid_the_widest_is_named() -> None:
    company = Rule("company", "acme", kinds=("platform",))
    project = Rule("project", "leaders", kinds=("platform", "phone"))
    for order in ([company, project], [project, company]):
        with pytest.raises(Invalid, match="The company acme allows no url"):
            choose(order, ROOM)
    with pytest.raises(Invalid, match="This deployment allows no url"):
        choose([Rule("deployment", kinds=("phone",)), company], ROOM)


@pytest.mark.parametrize(
    ("rules", "chosen"),
    [
        # The coach's own is forbidden by the company: the cohort's is next.
        ([Rule("coach", "c", PHONE), Rule("cohort", "s", ROOM),
          Rule("company", "a", OS, ("url", "platform"))], ROOM),
        # A narrower one that restricts passes a wider one's default over, too.
        ([Rule("cohort", "s", kinds=("url",)), Rule("company", "a", OS)], None),
        ([Rule("cohort", "s", kinds=("url",)), Rule("project", "p", ROOM),
          Rule("company", "a", OS)], ROOM),
        ([Rule("coach", "c", kinds=("phone",)), Rule("deployment", "", CALL)], None),
        ([Rule("coach", "c", PHONE, ("phone",)), Rule("deployment", "", CALL)], PHONE),
    ],
)  # fmt: skip
def test_a_default_that_somebody_forbids_is_passed_over(
    rules: list[Rule], chosen: Place | None
) -> None:
    assert choose(rules) == chosen
    assert choose(list(reversed(rules))) == chosen


@pytest.mark.parametrize(
    ("scope", "kinds", "field", "code"),
    [
        ("company", (), "kinds", "not_distinct"),
        ("company", ("url", "url"), "kinds", "not_distinct"),
        ("coach", ("zoom",), "place_kinds", "unknown_word"),
        ("coach", ("phone",), "place.kind", "place_forbidden"),
    ],
)
def test_a_rule_that_contradicts_itself_is_refused(
    scope: str, kinds: tuple[str, ...], field: str, code: str
) -> None:
    with pytest.raises(Invalid) as refused:
        Rule(scope, "x", ROOM, kinds)  # type: ignore[arg-type]  # that is what is tried
    assert (refused.value.field, refused.value.code) == (field, code)


def test_a_link_is_usable_as_it_is_or_not_at_all() -> None:
    assert usable_link("https://zoom.example/j/1?pwd=a=?b") == "https://zoom.example/j/1?pwd=a=?b"
    assert usable_link("") is usable_link(None) is usable_link("ftp://x.example") is None
