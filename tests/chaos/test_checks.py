"""The checks themselves: a good run has no violation, and each check has a control: a run that
breaks just that.
"""

import ast
from pathlib import Path

import pytest

from tests.chaos import controls_of_events as events_
from tests.chaos import small_changes
from tests.chaos import small_world as small
from tests.chaos.checks import (
    CHECKS,
    Check,
    all_checks,
    answers,
    both_times,
    calendars,
    deeds,
    health,
    histories,
    links,
    occupancy,
    openings,
    owed,
    staleness,
    tags,
)
from tests.chaos.checks import callbacks as callbacks_
from tests.chaos.checks import letters as letters_
from tests.chaos.controls import (
    Change,
    both_booked,
    callbacks,
    error,
    events,
    fell_over,
    forgotten_calendar,
    ghost,
    given_up,
    gone_booking,
    invented,
    late_refusal,
    later,
    letters,
    listing,
    misled,
    moved_event,
    newer_booking,
    not_modified,
    older_booking,
    operation,
    other_booking,
    read,
    repeated_otherwise,
    reworded,
    row,
    seen_late,
    slow_refusal,
    stranger,
    swapped,
    told_backwards,
    told_too_much,
    too_close,
    twice_otherwise,
    two_bodies,
    two_places,
    unannounced,
    unmailed,
    waiting,
    with_lost_answer,
)

PRODUCT = {"domain", "storage", "workers", "webhooks"}
FOLDER = Path(__file__).parent / "checks"

OFFERED = [small.text(small.at(11.25)), small.text(small.at(11.5))]


def test_a_good_run_has_no_violation() -> None:
    assert all_checks(small.good()) == []
    for change in events_.RIGHT:
        assert all_checks(change(small.good())) == []


CONTROLS: tuple[tuple[Change, Check, str, str], ...] = (
    (too_close, occupancy.overlaps, "G4", "ses_1 and hld_1 are closer"),
    (row("sessions", "ses_3", taken=2), occupancy.seats, "G4", "1 booked, 2 taken"),
    (row("sessions", "ses_3", capacity=0), occupancy.seats, "G4", "1 taken of 0"),
    (two_places, occupancy.participants, "G4", "participant grace sits in bkg_1 and bkg_3"),
    (operation(0, status=409, answer=None), answers.one_answer, "G5", "key-1 has several answers"),
    (late_refusal, answers.one_answer, "G5", "answered 404 after it had succeeded"),
    (gone_booking, answers.nothing_lost, "G5", "bkg_1 was acknowledged, and is gone"),
    (older_booking, answers.nothing_lost, "G5", "version 2 was acknowledged, it is at 1"),
    (other_booking, answers.nothing_lost, "G5", "bkg_1 was acknowledged as"),
    (newer_booking, answers.nothing_lost, "G5", "bkg_1 changed unasked"),
    (stranger, answers.nothing_unasked, "G5", "bkg_9 is there, and nobody asked"),
    (unmailed, owed.one_row_each, "G6", "mail to the coach for the versions [1], not [1, 2]"),
    (forgotten_calendar, owed.one_row_each, "G6", "ses_2 has no calendar row for version 2"),
    (waiting, owed.ends, "G6", "out_r (reminder) is pending since"),
    (row("outbox", "out_ses_12", state="dead"), owed.ends, "G6", "dead though ses_1 is to come"),
    (row("outbox", "out_ses_11", state="asleep"), owed.ends, "G6", "no end"),
    (given_up, owed.ends, "G6", "it is the last word on bkg_1"),
    (letters(lambda sent: sent[:-1]), letters_.received, "G6", "is sent, and never arrived"),
    (letters(lambda sent: [*sent, sent[1]]), letters_.received, "G7", "arrived 2 times"),
    (invented, letters_.received, "G7", "arrived that nobody owed"),
    (misled, letters_.received, "G7", "arrived at ['eve@example.test']"),
    (twice_otherwise, letters_.received, "G7", "arrived twice, and not the same"),
    (swapped(1, 3), letters_.order, "G7", "versions arrived as [2, 1]"),
    (reworded(b"SEQUENCE:1", b"SEQUENCE:0", 2), letters_.order, "G7", "SEQUENCE went [0, 0]"),
    (reworded(b"UID:bkg_1", b"UID:bkg_7", 2), letters_.order, "G7", "several UIDs"),
    (unannounced, letters_.cancel_after_request, "G7", "without a request before it"),
    (callbacks(lambda told: told[:-1]), callbacks_.callbacks, "G6", "never arrived"),
    (callbacks(told_backwards), callbacks_.callbacks, "G6", "was told of the versions [2, 1]"),
    (repeated_otherwise, callbacks_.callbacks, "G6", "said something else"),
    (told_too_much, callbacks_.callbacks, "G6", "told what is not owed"),
    (events(lambda found: found[:-1]), calendars.calendars, "G6", "ses_3"),
    (events(lambda found: [*found, found[1]]), calendars.calendars, "G6", "more than once"),
    (events(moved_event), calendars.calendars, "G6", "stands at another time"),
    (events(ghost), calendars.calendars, "G6", "is off, and stands in"),
    (events_.stands_elsewhere, calendars.calendars, "G6", "is known to be moved at"),
    (events_.declined_unknown, calendars.calendars, "G6", "is declined there, and nobody knows"),
    (events_.said_of_another_place, deeds.deeds, "G6", "and nobody did that"),
    (events_.not_restored, deeds.deeds, "G6", "and is to be restored"),
    (events_.asked_twice, deeds.asked_once, "G6", "2 mails to the coach about one change"),
    (events_.not_asked, deeds.asked_once, "G6", "and its coach was not asked"),
    (events_.asked_of_nothing, deeds.asked_once, "G6", "it was not"),
    (events_.link_unknown, links.links, "G6", "has the link None, and its event shows"),
    (events_.link_untold, links.links, "G6", "was never told its link"),
    (events_.link_told_twice, links.links, "G6", "was told its link once more"),
    (events_.offered_there, openings.openings, "G2", "1 starts are listed, and are closed"),
    (events_.listed_there, both_times.both_times, "G4", "where that stands"),
    (events_.listed_where_it_was, both_times.both_times, "G4", "where the session is"),
    (events_.listed_after_a_read, both_times.both_times, "G4", "where that stands"),
    (listing(starts=[]), openings.openings, "G2", "1 starts are not listed, and are open"),
    (listing(starts=OFFERED), openings.openings, "G2", "1 starts are listed, and are closed"),
    (listing(effect="hide"), openings.openings, "G4", "listed though all is hidden"),
    (listing(state="refreshing"), openings.openings, "G2", "not fresh though all is quiet"),
    (read(as_of=small.text(small.NOW - 250)), staleness.staleness, "G2", "is fresh as of"),
    (read(starts=[small.text(small.at(12.25))]), staleness.staleness, "G2", "over it"),
    (seen_late, staleness.rest_goes_on, "G2", "with a host away, no listing showed it"),
    (not_modified, tags.tags, "G2", "no body came with its tag"),
    (two_bodies, tags.tags, "G2", "one tag and two bodies"),
    (error, health.no_error_of_ours, "G9", "was answered 500"),
    (fell_over, health.nothing_ended, "G9", "clock ended by itself with 1"),
    (slow_refusal, health.in_time, "G9", "took 30.0 s to say 503"),
    (later, health.well_again, "G9", "503, and no fault was near"),
    (both_booked, histories.histories, "G4", "no order explains"),
)


@pytest.mark.parametrize("number", range(len(CONTROLS)))
def test_a_run_that_breaks_one_promise_is_found_by_the_check_of_it(number: int) -> None:
    change, named, promise, words = CONTROLS[number]
    run = change(small.good())
    found = {check.__name__: list(check(run)) for check in CHECKS}
    guilty = {name: violations for name, violations in found.items() if violations}
    assert list(guilty) == [named.__name__]
    (violations,) = guilty.values()
    assert {each.promise for each in violations} == {promise}
    assert any(words in each.what for each in violations), violations


def test_a_violation_says_when_by_what_it_names() -> None:
    changed = small_changes.with_row(
        small.good(), "sessions", "ses_3", taken=2, created_at=small.STAMP
    )
    (found,) = all_checks(changed)
    assert found.at == small.NOW - changed.clock_zero
    (found,) = all_checks(with_lost_answer(small.good()))
    assert found.at == 2.0


def test_whoever_has_left_a_pod_is_not_moved_with_it() -> None:
    later = {"starts": small.at(12), "ends": small.at(13)}
    moved = small_changes.with_row(small.good(), "sessions", "ses_3", **later)
    (found,) = answers.nothing_lost(moved)
    assert "booking bkg_3 was acknowledged as" in found.what  # who sits there, and not who left


def test_each_check_has_a_control() -> None:
    assert {named for _, named, _, _ in CONTROLS} == {*CHECKS}


def test_the_checks_share_no_code_with_the_product() -> None:
    """Nor does what they take from elsewhere in the tests."""
    files = [
        *FOLDER.glob("*.py"),
        FOLDER.parent / "evidence.py",
        FOLDER.parents[1] / "domain/oracle.py",
    ]
    for path in files:
        assert imported(path) & PRODUCT == set(), path.name
        others = {name for name in modules(path) if name.startswith("tests.")}
        assert {name for name in others if not name.startswith("tests.chaos.")} <= {"tests.domain"}


def imported(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in modules(path)}


def modules(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found
