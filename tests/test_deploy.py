"""What is in deploy/ fits the product: each command, setting, path and port in it is there."""

import re
import shutil
import subprocess
import tomllib
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # its types are a package of their own

from tests.support.deployed import DEPLOY, INTERNAL, ROOT, SETTINGS
from webhooks.cli import main
from webhooks.version import version

UNITS = sorted((DEPLOY / "systemd").iterdir())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
OURS = {
    name: one for name, one in COMPOSE["services"].items() if one["image"].startswith("coachcal")
}
NGINX = (DEPLOY / "nginx" / "nginx.conf").read_text()
CADDY = (DEPLOY / "caddy" / "Caddyfile").read_text()
STEPS = re.findall(
    r"^(FROM|COPY|RUN|ENV|CMD|ENTRYPOINT|USER|WORKDIR|EXPOSE) (.+)$",
    (ROOT / "Containerfile").read_text(),
    re.MULTILINE,
)
PARTS = {"serve", "work", "clock", "migrate"}


# -- the image
# ---------------------------------------------------------------------------------------------


def test_the_image_copies_what_is_there() -> None:
    copied = [
        words.split() for step, words in STEPS if step == "COPY" and not words.startswith("--from")
    ]
    sources = {source for *sources, _ in copied for source in sources}
    assert {"requirements", "domain", "storage", "workers", "webhooks"} <= sources
    assert [source for source in sorted(sources) if not (ROOT / source).exists()] == []


def test_the_image_lets_in_what_it_copies() -> None:
    ignored = (ROOT / ".containerignore").read_text()
    assert (ROOT / ".dockerignore").read_text() == ignored
    allowed = set(re.findall(r"^!(\S+)$", ignored, re.MULTILINE))
    copied = [
        words.split() for step, words in STEPS if step == "COPY" and not words.startswith("--from")
    ]
    assert {source.partition("/")[0] for *sources, _ in copied for source in sources} <= allowed


def test_the_image_installs_by_hash_and_runs_a_python_that_we_support() -> None:
    runs = [words for step, words in STEPS if step == "RUN"]
    named = re.findall(r"-r (\S+)", " ".join(runs))
    assert sorted(named) == ["requirements/run.txt", "requirements/uv.txt"]
    assert [run for run in runs if " -r " in run and "--require-hashes" not in run] == []
    [ours] = [run for run in runs if "requirements/run.txt" in run]
    assert "--no-deps" in ours, (
        "the file is whole; resolving it, pip stumbles over an extra without a hash"
    )
    bases = {re.search(r"python:(\d+)\.(\d+)", words) for step, words in STEPS if step == "FROM"}
    for base in bases:
        assert base is not None
        assert (3, 11) <= (int(base[1]), int(base[2])) < (3, 15)


def test_the_image_runs_our_command_as_nobody_special() -> None:
    steps = dict(STEPS)  # the last of each kind
    assert yaml.safe_load(steps["ENTRYPOINT"]) == [next(iter(PROJECT["scripts"]))]
    assert yaml.safe_load(steps["CMD"]) == ["serve"]
    assert int(steps["USER"]) > 0
    names = re.findall(r"(\w+)=", steps["ENV"])
    assert {"COACHCAL_HOST", "PORT"} <= set(names) & SETTINGS


# -- compose
# -----------------------------------------------------------------------------------------------


def test_compose_runs_every_part_and_a_proxy_in_front() -> None:
    assert {tuple(one["command"]) for one in OURS.values()} == {(part,) for part in PARTS}
    assert set(COMPOSE["services"]) == {
        "postgres",
        "redis",
        "migrate",
        "web",
        "worker",
        "clock",
        "proxy",
    }
    ports = {name: one["ports"] for name, one in COMPOSE["services"].items() if "ports" in one}
    inside = f"127.0.0.1:{INTERNAL}:{INTERNAL}"
    assert ports == {"proxy": ["80:80", "443:443"], "web": [inside]}


def test_figures_are_served_by_compose_on_a_port_that_nobody_outside_reaches() -> None:
    web = OURS["web"]["environment"]
    assert (web["COACHCAL_INTERNAL_HOST"], web["COACHCAL_INTERNAL_PORT"]) == ("0.0.0.0", INTERNAL)


def test_compose_sets_settings_that_there_are_and_tags_the_image_as_this_release() -> None:
    for one in OURS.values():
        assert set(one["environment"]) <= SETTINGS
        assert one["image"] == f"coachcal:{version()}"
    [network] = COMPOSE["networks"]["default"]["ipam"]["config"]
    assert OURS["web"]["environment"]["COACHCAL_TRUSTED_PROXIES"] == network["subnet"]


def test_compose_migrates_before_anything_of_ours_starts() -> None:
    for name in ("web", "worker", "clock"):
        assert OURS[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert OURS["migrate"]["restart"] == "no"


def test_the_redis_of_compose_refuses_rather_than_forgets() -> None:
    words = COMPOSE["services"]["redis"]["command"]
    assert words[words.index("--maxmemory-policy") + 1] == "noeviction"


def test_compose_gives_the_proxy_its_file_and_the_variables_in_it() -> None:
    proxy = COMPOSE["services"]["proxy"]
    mounted = [volume.split(":")[0] for volume in proxy["volumes"] if volume.startswith("./")]
    assert [path for path in mounted if not (ROOT / path).is_file()] == []
    assert set(re.findall(r"\{\$(\w+)\}", CADDY)) == set(proxy["environment"])


# -- systemd
# -----------------------------------------------------------------------------------------------


def unit(path: Path) -> ConfigParser:
    parser = ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]  # the documented way
    parser.read_string(path.read_text())
    return parser


def test_the_units_run_every_part() -> None:
    commands = [unit(path).get("Service", "ExecStart", fallback="") for path in UNITS]
    assert {command.split()[1] for command in commands if command} == PARTS
    assert {command.split()[0] for command in commands if command} == {"/opt/coachcal/bin/coachcal"}


@pytest.mark.parametrize(
    "path", [path for path in UNITS if path.suffix == ".service"], ids=lambda path: path.name
)
def test_a_unit_reads_the_settings_of_its_folder_and_comes_back(path: Path) -> None:
    service = unit(path)["Service"]
    assert service["WorkingDirectory"] == "/etc/coachcal"
    assert service["User"] == "coachcal"
    for name in re.findall(r"^Environment=(\w+)=", path.read_text(), re.MULTILINE):
        assert name in SETTINGS
    assert service["Type"] == "oneshot" or service["Restart"] == "always"


def test_the_target_starts_units_that_are_there() -> None:
    wanted = unit(DEPLOY / "systemd" / "coachcal.target")["Unit"]["Wants"].split()
    files = {re.sub("@[0-9]+", "@", name) for name in wanted}
    assert files == {path.name for path in UNITS} - {"coachcal.target", "coachcal-migrate.service"}


def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("the program is not here; the tests above read the units without it")
    for path in UNITS:
        text = path.read_text().replace("/opt/coachcal/bin/coachcal", "/bin/true")
        (tmp_path / path.name).write_text(
            re.sub(r"^Documentation=.*\n", "", text, flags=re.MULTILINE)
        )
    names = [str(tmp_path / path.name.replace("@.", "@8000.")) for path in UNITS]
    for name in names:
        if "@" in name:
            shutil.copy(re.sub("@8000", "@", name), name)
    done = subprocess.run([program, "verify", *names], capture_output=True, text=True, timeout=100)
    ours = [line for line in done.stderr.splitlines() if "coachcal" in line]
    assert ours == []


# -- proxies
# -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [NGINX, CADDY], ids=["nginx", "caddy"])
def test_a_proxy_configuration_is_whole(text: str) -> None:
    bare = re.sub(r"#.*", "", text)
    assert bare.count("{") == bare.count("}") > 3
    for word in ("/metrics", "/ops"):
        assert word in text


def test_nginx_waits_for_whole_requests_and_tells_who_asks() -> None:
    statements = re.findall(r"^\s*([^#{}]+?)[;{]", re.sub(r"#.*", "", NGINX), re.MULTILINE)
    for wanted in (
        "client_header_timeout 5s",
        "client_body_timeout 5s",
        "client_max_body_size 256k",
        "proxy_request_buffering on",
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for",
    ):
        assert wanted in statements
    ended = [line.strip() for line in re.sub(r"#.*", "", NGINX).splitlines() if line.strip()]
    assert [line for line in ended if line[-1] not in "{};"] == []


def test_the_proxies_ask_the_ports_of_the_units() -> None:
    wanted = re.findall(r"@(\d+)", (DEPLOY / "systemd" / "coachcal.target").read_text())
    assert re.findall(r"server 127\.0\.0\.1:(\d+)", NGINX) == wanted


@pytest.mark.parametrize(
    ("program", "arguments"),
    [
        ("nginx", ["-t", "-c", str(DEPLOY / "nginx" / "nginx.conf")]),
        (
            "caddy",
            ["validate", "--adapter", "caddyfile", "--config", str(DEPLOY / "caddy" / "Caddyfile")],
        ),
    ],
)
def test_the_program_itself_accepts_it_where_it_is_there(
    program: str, arguments: list[str]
) -> None:
    found = shutil.which(program)
    if found is None:
        pytest.skip("the program is not here; the tests above read it without")
    env = {"SITE": "localhost", "WEBS": "127.0.0.1:8000", "HOME": "/tmp"}
    done = subprocess.run([found, *arguments], env=env, capture_output=True, text=True, timeout=60)
    missing_certificate = "cannot load certificate" in done.stderr  # it is of another machine
    assert done.returncode == 0 or missing_certificate, done.stderr


def test_every_command_that_a_file_runs_is_one() -> None:
    named = set(
        re.findall(r"coachcal/bin/coachcal (\w+)", "".join(path.read_text() for path in UNITS))
    )
    named |= set(re.findall(r"-m webhooks (\w+)", (ROOT / "Procfile").read_text()))
    assert named == PARTS
    assert named <= set(main.commands)
