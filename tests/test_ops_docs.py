"""docs/ops tells the truth: every metric, alert and command that it names is there, and the
reverse.
"""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from prometheus_client import CollectorRegistry, generate_latest

from tests.support import exposition, people
from tests.support import http_client as desks
from tests.support.databases import copy_of
from tests.support.exposition import OPS
from webhooks.cli import main
from workers.clock import JOBS
from workers.metrics import CountJobs

NAME = re.compile(r"\bcoachcal_\w+")
METRICS = (OPS / "metrics.md").read_text()
RUNBOOK = (OPS / "runbook.md").read_text()
DASHBOARD: dict[str, Any] = json.loads((OPS / "dashboard.json").read_text())


@pytest.fixture(scope="module")
def told(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """All that web and workers expose."""
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("ops") / "db.sqlite")
    with desks.opened(url, broker=StubBroker()) as desk:
        people.introduce(desk.database)
        desks.connect(desk)
        desk.push()
        desk.look("/v1/coaches/ada")
        web = desk.look("/metrics").text
    counted = CollectorRegistry()
    CountJobs(counted)
    return web + generate_latest(counted).decode()


def documented() -> dict[str, set[str]]:
    """The labels of each metric in the tables."""
    rows = re.findall(r"^\| `(coachcal_\w+)` \| (.*?)\| ", METRICS, re.MULTILINE)
    assert len(rows) == len(dict(rows)), "one is there twice"
    return {name: set(re.findall(r"`(\w+)`", labels)) for name, labels in rows}


def test_every_metric_is_documented_and_every_documented_one_is_there(told: str) -> None:
    assert set(documented()) == exposition.names(told)


def test_the_documented_labels_are_those_that_are_told(told: str) -> None:
    for sample in exposition.samples(told):
        name = re.sub("_(bucket|sum|count)$", "", sample.name)
        if name in documented():
            assert set(sample.labels) - {"le"} == documented()[name], sample


def test_every_alert_has_its_paragraph_and_every_paragraph_its_alert() -> None:
    paragraphs = dict(re.findall(r"^## (\w+)\n\n((?:.+\n)+)", RUNBOOK, re.MULTILINE))
    assert list(paragraphs) == list(exposition.rules())
    assert all(len(text.split()) > 30 for text in paragraphs.values())
    assert len(re.findall("^## ", RUNBOOK, re.MULTILINE)) == len(paragraphs)


def test_every_alert_says_how_urgent_it_is_and_what_happened() -> None:
    for rule in exposition.rules().values():
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"].endswith((".", "?"))


def test_alerts_and_panels_ask_for_metrics_that_are_there() -> None:
    asked = [rule["expr"] for rule in exposition.rules().values()]
    asked += [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    for expression in asked:
        if expression.startswith("up{"):  # Prometheus's own
            continue
        found = NAME.findall(expression)
        assert found, expression
        assert [name for name in found if re.sub("_bucket$", "", name) not in documented()] == []


def test_the_dashboard_shows_every_metric_once() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels}) == len(panels)
    shown = {re.sub("_bucket$", "", name) for name in NAME.findall(json.dumps(panels))}
    assert shown == set(documented())


def test_every_command_in_the_runbook_is_one() -> None:
    named = re.findall(r"`coachcal\s+([a-z]+)(?:\s+([a-z]+))?", RUNBOOK)
    assert len(named) > 5
    for command, more in named:
        found = main.commands[command]
        if more and hasattr(found, "commands"):
            assert more in found.commands, f"coachcal {command} {more}"


def test_the_clock_is_late_for_every_periodic_job_by_name(told: str) -> None:
    late = {
        sample.labels["name"]
        for sample in exposition.samples(told)
        if sample.name == "coachcal_clock_late_seconds"
    }
    assert late == {job.name for job in JOBS}
