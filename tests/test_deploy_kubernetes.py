"""What deploy/ has for Kubernetes runs every part with settings, paths and files that are there."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.support.deployed import DEPLOY, INTERNAL, SETTINGS
from webhooks.api.routes import ROUTES
from webhooks.version import version
from workers.actors import QUEUES

COMPOSE = DEPLOY.parent / "compose.yaml"
KUBERNETES = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def manifests() -> list[dict[str, Any]]:
    return [one for path in KUBERNETES for one in yaml.safe_load_all(path.read_text())]


def pods() -> dict[str, dict[str, Any]]:
    """The one container of each Deployment and Job."""
    found = {}
    for one in manifests():
        if one["kind"] in ("Deployment", "Job"):
            [container] = one["spec"]["template"]["spec"]["containers"]
            found[one["metadata"]["name"]] = container
    return found


def test_kubernetes_runs_every_part() -> None:
    assert {name: container["args"] for name, container in pods().items()} == {
        "coachcal-web": ["serve"],
        "coachcal-worker": ["work"],
        "coachcal-clock": ["clock"],
        "coachcal-migrate": ["migrate"],
    }


def test_kubernetes_names_settings_paths_and_files_that_are_there() -> None:
    [base] = [one for one in manifests() if one["kind"] == "Kustomization"]
    assert {path.name for path in KUBERNETES} == {"kustomization.yaml", *base["resources"]}
    [config] = base["configMapGenerator"]
    assert {line.partition("=")[0] for line in config["literals"]} <= SETTINGS
    assert base["images"] == [{"name": "coachcal", "newTag": version()}]
    web = pods()["coachcal-web"]
    probed = {web[f"{kind}Probe"]["httpGet"]["path"] for kind in ("readiness", "liveness")}
    assert probed == {"/readyz", "/healthz"} & {route.path for route in ROUTES}


def test_kubernetes_selectors_find_their_pods() -> None:
    labels = {}
    for one in manifests():
        if one["kind"] == "Deployment":
            there = one["spec"]["template"]["metadata"]["labels"]
            assert one["spec"]["selector"]["matchLabels"] == there
            labels[one["metadata"]["name"]] = there
    services = {one["metadata"]["name"]: one for one in manifests() if one["kind"] == "Service"}
    assert services["coachcal-web"]["spec"]["selector"] == labels["coachcal-web"]
    [ingress] = [one for one in manifests() if one["kind"] == "Ingress"]
    [rule] = ingress["spec"]["rules"]
    assert {path["backend"]["service"]["name"] for path in rule["http"]["paths"]} == set(services)


def test_fleets_by_duty_name_every_queue_once() -> None:
    folder = DEPLOY / "kubernetes" / "by-duty"
    component = yaml.safe_load((folder / "kustomization.yaml").read_text())
    there = {path.name for path in folder.glob("*.yaml")}
    assert there == {"kustomization.yaml", "adapter-rules.yaml", *component["resources"]}
    assert component["images"] == [{"name": "coachcal", "newTag": version()}]
    [patch] = component["patches"]
    without, change = yaml.safe_load(patch["patch"])
    assert without == {"op": "remove", "path": "/spec/replicas"}
    sending = yaml.safe_load((folder / "worker-sending.yaml").read_text())
    [container] = sending["spec"]["template"]["spec"]["containers"]
    assert "replicas" not in sending["spec"]
    named = []
    for arguments in (change["value"], container["args"]):
        assert arguments[:2] == ["work", "--queues"]
        named += arguments[2].split(",")
    assert sorted(named) == sorted(QUEUES)
    compose = yaml.safe_load((DEPLOY / "compose" / "by-duty.yaml").read_text())["services"]
    commands = [service["command"] for service in compose.values()]
    assert commands == [change["value"], container["args"]]
    # Compose reads it from the folder of the first file that it is given, not from this one's.
    assert (DEPLOY.parent / compose["worker-sending"]["extends"]["file"]).samefile(COMPOSE)


def test_a_fleet_scales_by_the_largest_figure_of_each_of_its_queues() -> None:
    folder = DEPLOY / "kubernetes" / "by-duty"
    scaled: list[str] = []
    series = set()
    for scaler in yaml.safe_load_all((folder / "scaling.yaml").read_text()):
        for each in scaler["spec"]["metrics"]:
            metric = each["external"]["metric"]
            series.add(metric["name"])
            scaled.append(metric["selector"]["matchLabels"]["queue"])
    assert sorted(scaled) == sorted(QUEUES)
    rules = yaml.safe_load((folder / "adapter-rules.yaml").read_text())["rules"]["external"]
    assert {rule["seriesQuery"] for rule in rules} == series
    for rule in rules:
        assert rule["metricsQuery"] == "max(<<.Series>>{<<.LabelMatchers>>}) by (queue)"


def test_kustomize_builds_the_base() -> None:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("the program is not here; the tests above read the files without it")
    done = subprocess.run(
        [program, "kustomize", str(DEPLOY / "kubernetes")],
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    assert len(list(yaml.safe_load_all(done.stdout))) >= len(pods()) + 4


def test_kustomize_builds_the_fleets_by_duty(tmp_path: Path) -> None:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("the program is not here; the tests above read the files without it")
    base = os.path.relpath(DEPLOY / "kubernetes", tmp_path.resolve())
    overlay = {"resources": [base], "components": [f"{base}/by-duty"]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(overlay))
    done = subprocess.run(
        [program, "kustomize", str(tmp_path)], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    fleets = {
        one["metadata"]["name"]: one["spec"]
        for one in built
        if one["kind"] == "Deployment" and "worker" in one["metadata"]["name"]
    }
    assert set(fleets) == {"coachcal-worker", "coachcal-worker-sending"}
    for fleet in fleets.values():
        assert "replicas" not in fleet
        [container] = fleet["template"]["spec"]["containers"]
        assert container["image"] == f"coachcal:{version()}"


def test_figures_are_served_in_pods_on_a_port_that_no_service_leads_to() -> None:
    pod = pods()["coachcal-web"]
    named = {one["name"]: one["value"] for one in pod["env"]}
    assert named == {"COACHCAL_INTERNAL_HOST": "0.0.0.0", "COACHCAL_INTERNAL_PORT": INTERNAL}
    assert {"name": "internal", "containerPort": int(INTERNAL)} in pod["ports"]
    services = [one for one in manifests() if one["kind"] == "Service" and "ports" in one["spec"]]
    led = {port.get("targetPort", "none") for one in services for port in one["spec"]["ports"]}
    assert "internal" not in led
    assert "http" in led
    assert f'prometheus.io/port: "{INTERNAL}"' in (DEPLOY / "kubernetes" / "web.yaml").read_text()
