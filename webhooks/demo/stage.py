"""The stage of the demo: a folder, a Redis, a post box, and the product's own processes around a
sandbox Cronofy.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import requests
from cryptography.fernet import Fernet

from storage import migrations
from storage.rows import api_keys
from storage.schema import database
from webhooks.demo.postbox import Postbox
from webhooks.demo.processes import Processes, free_port
from workers.cronofy.sandbox.control import Control
from workers.embedded.redis import redis_server

# The product waits 5 s between two reads of one calendar; the story has three within a second.
GAP_SECONDS = "0.2"
SCOPES = (
    "slots:read",
    "coaches:read",
    "coaches:write",
    "bookings:read",
    "bookings:write",
    "bookings:force",
    "links:write",
    "coach",
    "ops",
)


@dataclass(frozen=True, slots=True)
class Stage:
    control: Control
    api: "Api"
    web_url: str
    sandbox_url: str
    postbox: Postbox
    key: str
    processes: Processes


class Api:
    """What Coach OS does: JSON over HTTP with an API key."""

    def __init__(self, origin: str, key: str) -> None:
        self.origin = origin
        self._session = requests.Session()
        # A proxy of the machine's knows nothing of this one, and a password of ~/.netrc is no key.
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {key}"

    def put(self, path: str, body: object) -> dict[str, Any]:
        return self._json(self._session.put(self.origin + path, json=body, timeout=10))

    def post(self, path: str, body: object) -> dict[str, Any]:
        return self._json(self.try_post(path, body))

    def try_post(self, path: str, body: object) -> requests.Response:
        """The answer, whatever it is, to a write that is asked for once."""
        headers = {"Idempotency-Key": str(uuid4())}
        return self._session.post(self.origin + path, json=body, headers=headers, timeout=10)

    def get(self, path: str, **query: str) -> dict[str, Any]:
        return self._json(self._session.get(self.origin + path, params=query, timeout=10))

    def _json(self, response: requests.Response) -> dict[str, Any]:
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found


@contextmanager
def raised(now: datetime) -> Iterator[Stage]:
    """Everything running, with the product's clock at `now`; stopped and gone when the
    block ends.
    """
    with ExitStack() as stack:
        folder = Path(
            stack.enter_context(
                TemporaryDirectory(prefix="coachcal-demo-", ignore_cleanup_errors=True)
            )
        )
        processes = Processes(folder)
        stack.callback(processes.stop)
        postbox = stack.enter_context(Postbox.open())
        ready = folder / "sandbox.json"
        processes.start(
            "sandbox",
            "sandbox",
            "--port=0",
            f"--ready-file={ready}",
            f"--now={now.isoformat()}",
            env={},
        )
        redis = stack.enter_context(redis_server())
        environment = _environment(folder, redis.url, postbox.smtp_url, now)
        key = _database(environment["DATABASE_URL"], now)
        sandbox = processes.wait_for_file(ready)
        environment |= {
            "COACHCAL_CRONOFY_ORIGIN": sandbox["origin"],
            "COACHCAL_CRONOFY_CLIENT_ID": sandbox["client_id"],
            "COACHCAL_CRONOFY_CLIENT_SECRETS": sandbox["client_secret"],
        }
        for name, command in (("web", "serve"), ("worker", "work"), ("clock", "clock")):
            processes.start(name, command, env=environment)
        control = stack.enter_context(Control(sandbox["origin"]))
        url = environment["COACHCAL_PUBLIC_URL"]
        processes.wait_for_url(f"{url}/readyz")
        yield Stage(control, Api(url, key), url, sandbox["origin"], postbox, key, processes)


def _environment(folder: Path, redis_url: str, smtp_url: str, now: datetime) -> dict[str, str]:
    port = free_port()
    return {
        "DATABASE_URL": f"sqlite:///{folder}/coachcal.sqlite",
        "REDIS_URL": redis_url,
        "PORT": str(port),
        "COACHCAL_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COACHCAL_SECRET_KEYS": Fernet.generate_key().decode(),
        "COACHCAL_CLOCK_OFFSET_SECONDS": str(round(now.timestamp() - time.time())),
        "COACHCAL_MINIMUM_GAP_SECONDS": GAP_SECONDS,
        "COACHCAL_SWEEP_SECONDS": "0.1",
        "COACHCAL_MAILER": "smtp",
        "COACHCAL_SMTP_URL": smtp_url,
        "COACHCAL_MAIL_FROM": "Coach OS <sessions@coaching.example>",
        "COACHCAL_WEB_PROCESSES": "1",
        "COACHCAL_WORKER_PROCESSES": "1",
        "COACHCAL_WORKER_THREADS": "4",
    }


def _database(url: str, now: datetime) -> str:
    """A migrated database with one API key, which it answers."""
    opened = database.create(url)
    migrations.migrate(opened)
    with opened.write() as tx:
        key = api_keys.create_key(tx, "demo", SCOPES, now=now.astimezone(UTC))
    opened.close()
    return key
