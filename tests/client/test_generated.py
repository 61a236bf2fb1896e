"""What others generate from the OpenAPI document works: its types are checked, and it calls a
running server. Their generators are installed for that, where they can be.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.client import ROOT, document
from tests.support.http_client import Desk
from tests.support.installing import from_npm, install

HASHED = ROOT / "requirements" / "generators.txt"
TYPESCRIPT = Path(__file__).with_name("typescript")
DRIVE = """
import sys
from generated import AuthenticatedClient
from generated.api.bookings import bookings_create
from generated.api.coaches import coaches_show
from generated.models import BookingIn, BookingOut, CoachOut, ParticipantIn, Problem

client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
coach = coaches_show.sync("ada", client=client)
assert isinstance(coach, CoachOut)
grace = ParticipantIn(id="grace", name="Grace", email="grace@example.test", zone="Europe/Paris")
body = BookingIn(coach_id="ada", start="2026-06-02T10:00:00Z", duration=60, participant=grace)
booked = bookings_create.sync(client=client, body=body, idempotency_key="order-4711")
assert isinstance(booked, BookingOut), booked
refused = coaches_show.sync("nobody", client=client)
assert isinstance(refused, Problem)
print(coach.name, booked.status, refused.code, sep="|")
"""
SAID = ["Ada Lovelace", "booked", "unknown_coach"]


def run(*command: str, folder: Path, environ: dict[str, str] | None = None) -> str:
    """What it said. Skips nothing: it has to work."""
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def node(request: pytest.FixtureRequest) -> Path:
    """The TypeScript generator, its client and the compiler, kept between runs."""
    return from_npm(request.config, "openapi-typescript-7.13.0", TYPESCRIPT)


@pytest.fixture
def python(request: pytest.FixtureRequest) -> Path:
    """A folder of openapi-python-client and what it needs, kept until a pin changes."""
    uv = shutil.which("uv") or next(map(str, sorted((ROOT / ".tools").glob("uv-*"))), None)
    if uv is None:
        pytest.skip("openapi-python-client is installed by uv, which is not here")
    pins = hashlib.sha256(HASHED.read_bytes()).hexdigest()[:16]
    folder = Path(request.config.cache.mkdir(f"openapi-python-client-{pins}"))
    if not (folder / "openapi_python_client").exists():
        how = ["pip", "install", "-q", "--python", sys.executable, "--target", str(folder)]
        what = ["--require-hashes", "-r", str(HASHED)]
        install("openapi-python-client", uv, *how, *what, folder=folder)
    return folder


def write(told: Any, path: Path) -> str:
    path.write_text(json.dumps(told))
    return str(path)


def test_openapi_typescript_makes_types_and_calls_that_work(
    node: Path, desk: Desk, origin: str, tmp_path: Path
) -> None:
    # Beside what is installed: a module looks for others in the folders above its own
    folder = node / "made" / tmp_path.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(TYPESCRIPT / "drive.ts", folder)
    program = str(node / "node_modules" / ".bin" / "openapi-typescript")
    told = write(document(), folder / "openapi.json")
    run(program, told, "--default-non-nullable=false", "-o", "schema.d.ts", folder=folder)
    strict = ["--strict", "--target", "es2022", "--module", "esnext", "--skipLibCheck"]
    where = ["--moduleResolution", "bundler", "--lib", "es2022,dom"]
    compiler = str(node / "node_modules" / ".bin" / "tsc")
    run(compiler, *strict, *where, "drive.ts", folder=folder)
    said = run("node", "drive.js", origin, desk.key(), folder=folder)
    assert json.loads(said) == SAID


def test_openapi_python_client_makes_a_client_that_works(
    python: Path, desk: Desk, origin: str, tmp_path: Path
) -> None:
    told = write(document(), tmp_path / "openapi.json")
    made = ["generate", "--path", told, "--output-path", str(tmp_path / "generated")]
    path = {"PYTHONPATH": f"{python}:{tmp_path}", "PATH": str(Path(sys.executable).parent)}
    generator = [sys.executable, "-m", "openapi_python_client"]
    run(*generator, *made, "--meta", "none", folder=tmp_path, environ=path)
    said = run(sys.executable, "-c", DRIVE, origin, desk.key(), folder=tmp_path, environ=path)
    assert said.strip().split("|") == SAID
