"""What /metrics answers, and the alert rules over it: enough of PromQL for rules such as
`metric{label="x"} > 1`.
"""

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml  # type: ignore[import-untyped]  # its types are a package of their own
from prometheus_client.parser import text_string_to_metric_families

OPS = Path(__file__).parents[2] / "docs" / "ops"
RULE = re.compile(
    r'(?P<metric>\w+)(\{(?P<label>\w+)(?P<match>=|!=)"(?P<value>\w[\w.]*)"\})? (?P<is>==|>)'
    r" (?P<limit>\d+)"
)
IS = {"==": operator.eq, ">": operator.gt, "=": operator.eq, "!=": operator.ne}


@dataclass(frozen=True)
class Sample:
    name: str
    labels: dict[str, str]
    value: float


def samples(text: str) -> list[Sample]:
    return [
        Sample(sample.name, dict(sample.labels), sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def names(text: str) -> set[str]:
    """The metrics as people name them: a counter with `_total`, a histogram without its parts."""
    families = {family.name: family.type for family in text_string_to_metric_families(text)}
    return {
        name + "_total" * (kind == "counter")
        for name, kind in families.items()
        if name.startswith("coachcal_") and not name.endswith("_created")
    }


def value(text: str, name: str, /, **labels: str) -> float | None:
    """The value of the sample with just these labels."""
    return next(
        (each.value for each in samples(text) if each.name == name and each.labels == labels), None
    )


def rules() -> dict[str, dict[str, Any]]:
    """The alert rules by name."""
    [group] = yaml.safe_load((OPS / "alerts.yml").read_text())["groups"]
    return {rule["alert"]: rule for rule in group["rules"]}


def scraped(url: str, *, instance: str) -> str:
    """What Prometheus knows after asking there: its own `up`, and whatever was answered."""
    asked = f'up{{job="coachcal",instance="{instance}"}}'
    try:
        answer = requests.get(url, timeout=30)
    except requests.ConnectionError:
        return f"{asked} 0\n"
    return f"{answer.text}{asked} {int(answer.ok)}\n"


def firing(text: str) -> set[str]:
    """The alerts whose condition is true of what was scraped; `for` has passed."""
    found = samples(text)
    return {name for name, rule in rules().items() if any(_true(rule["expr"], found))}


def _true(expression: str, found: list[Sample]) -> Iterator[bool]:
    rule = RULE.fullmatch(expression)
    assert rule is not None, f"keep it as simple as the others: {expression}"
    for sample in found:
        chosen = rule["label"] is None or IS[rule["match"]](
            sample.labels.get(rule["label"], ""), rule["value"]
        )
        if sample.name == rule["metric"] and chosen:
            yield IS[rule["is"]](sample.value, float(rule["limit"]))
