"""`./run chaos --hosts 3`: a short mix of what befalls hosts, where the kernel makes them; and what
its pieces mean.
"""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import __main__ as command
from tests.chaos import controls, disks
from tests.chaos import small_world as small
from tests.chaos.checks import staleness
from tests.chaos.fleet import NOTICED_SECONDS, Fleet, Member
from tests.chaos.hosts import network
from tests.chaos.hosts.faults import HOSTS
from tests.chaos.report import read_rows
from tests.chaos.run import Options
from tests.support import forks
from tests.support.places import Place

MIX = ("host cut off", "primary lost")


# On a machine that others use it takes minutes to start and end so many processes.
@pytest.mark.timeout(600)
def test_the_rest_goes_on_while_a_host_is_cut_off_and_after_the_primary_is_lost(
    tmp_path: Path,
) -> None:
    # How fast is measured by `./run chaos`, on a machine that nobody else uses.
    options = ["--hosts=3", "--seed=1", "--seconds=0", "--times=1", "--patience=6"]
    keep = f"--keep={tmp_path}/run"
    done = forks.run(
        "tests.chaos", *options, keep, "--only", *MIX, env=dict(os.environ), seconds=580
    )
    if done.returncode == command.NOT_RUN:
        pytest.skip(done.stdout.splitlines()[-1])
    assert done.returncode == 0, f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}"
    rows = read_rows(done.stdout)
    assert {name: int(rows[name][3]) > 0 for name in MIX} == dict.fromkeys(MIX, True)
    assert "meanwhile the rest (host" in done.stdout


@pytest.mark.timeout(300)
def test_a_host_that_is_cut_off_or_parted_reaches_what_it_should_and_no_more() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos.hosts.tried"],
        cwd=forks.ROOT,
        capture_output=True,
        text=True,
        timeout=280,
    )
    said = done.stdout.splitlines()
    if done.returncode == command.NOT_RUN:
        pytest.skip(said[-1])
    assert done.returncode == 0, done.stderr
    hub, first = network.HUB, network.DATABASES[0]
    reached: dict[str, list[str]] = {
        "well": [hub, first],
        "unplugged": [],
        "the other one": [hub, first],
        "plugged in": [hub, first],
        "silent": [],
        "heard": [hub, first],
        "halved": [hub],
        "whole": [hub, first],
    }
    assert said == [f"{when}: {addresses}" for when, addresses in reached.items()]


def test_where_there_can_be_no_hosts_it_says_so_and_has_not_passed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def refuse() -> None:
        raise network.Impossible("the kernel makes no network namespace: no")

    monkeypatch.setattr(network, "separate", refuse)
    monkeypatch.setattr(disks, "separate_mounts", lambda: False)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    keep = f"--keep={tmp_path}/run"
    monkeypatch.setattr(sys, "argv", ["chaos", "--hosts", "3", "--seed", "1", keep])
    assert command.main() == command.NOT_RUN not in (0, 1)
    *_, last = capsys.readouterr().out.splitlines()
    assert last == "not run: the kernel makes no network namespace: no"
    assert list(tmp_path.iterdir()) == []


def test_who_may_not_make_namespaces_is_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(network.Impossible, match="only root"):
        network.separate()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(network.Impossible, match="no program `ip` here"):
        network.separate()


def test_a_host_that_is_cut_off_is_not_to_blame_and_is_soon_left_out(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        cut, other = fleet.members["web-2"], fleet.members["web-1"]
        fleet.cut_off(2)
        # Until the balancer has noticed, it is still sent requests
        assert (cut.alive, cut.serves) == (False, True)
        cut.out_since -= NOTICED_SECONDS
        assert fleet.webs() == [other]
        fleet.take_back(2)
        assert fleet.webs() == [other, cut]
        # What hung in the cable may hang for a moment more
        assert not cut.alive
        assert cut.reached_since < time.monotonic() + 60
        assert other.alive


def test_a_host_without_its_database_is_left_out_and_has_to_answer(tmp_path: Path) -> None:
    with fleet_of(tmp_path) as fleet:
        fleet.leave_out(1)
        halved = fleet.members["web-1"]
        halved.out_since -= NOTICED_SECONDS
        assert (halved.alive, halved.serves) == (True, False)
        fleet.take_back(1)
        assert (halved.alive, halved.serves, halved.out_since) == (True, True, math.inf)


def test_the_bound_runs_from_the_push_and_is_longer_only_by_other_faults() -> None:
    late = controls.seen_late(small.good())
    assert len(list(staleness.rest_goes_on(late))) == 1
    in_time = controls.operation(controls.EDITED, answer={"visible": 40.0})
    assert list(staleness.rest_goes_on(in_time(late))) == []
    # With a host that was cut off only then, it runs from there
    cut = (40.0, 200.0)
    within = controls.operation(controls.EDITED, answer={"visible": 80.0})(late)
    again = replace(within, faults=[(*cut, "host cut off")], parted=[cut])
    assert list(staleness.rest_goes_on(again)) == []
    # And nobody hears anything while the primary is away
    both = replace(late, faults=[*late.faults, (9.0, 180.0, "primary lost")])
    assert list(staleness.rest_goes_on(both)) == []


def test_the_command_that_plays_a_run_again_names_its_hosts(tmp_path: Path) -> None:
    names = [fault.name for fault in HOSTS]
    played = Options(7, 40.0, 0, names, "postgresql", tmp_path, hosts=3)
    assert played.again == "./run chaos --seed 7 --seconds 40 --times 0 --hosts 3"
    assert replace(played, only=names[:1]).again.endswith("--hosts 3 --only 'host cut off'")
    assert (played.where, replace(played, hosts=0).where) == ("postgresql, 3 hosts", "postgresql")


@contextmanager
def fleet_of(folder: Path) -> Iterator[Fleet]:
    """Two hosts whose processes run, though nobody started them."""
    process: Any = SimpleNamespace(poll=lambda: None, wait=lambda: 0, pid=os.getpid())
    journal: Any = None
    places = (Place("10.77.0.101"), Place("10.77.0.102"))
    fleet = Fleet(folder, {}, journal, lambda _: None, places)
    for host in (1, 2):
        for name in fleet.names_on(host):
            member = fleet.members[name] = Member(name, process, 9000)
            member.ready.set()
    try:
        yield fleet
    finally:
        fleet.members.clear()
        fleet.close()
