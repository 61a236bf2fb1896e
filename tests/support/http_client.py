"""The web over a real database, asked in this process: who calls, with which key, and what the
database holds.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from typing import cast as cast_to

from cryptography.fernet import Fernet
from dramatiq import Broker
from dramatiq.brokers.stub import StubBroker
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storage.rows import api_keys, channels
from storage.schema.database import Database
from storage.schema.tables import metadata
from tests.support import people
from webhooks.app import App, bare_app, serve
from webhooks.http.context import EXTENSION
from workers.bootstrap import Runtime, bootstrap, create_services
from workers.broker import WORKER_TIMEOUT
from workers.cronofy import signature
from workers.settings import Settings

NOWHERE = "redis://127.0.0.1:1/0"
SECRET = "a secret of Cronofy's"
TOKEN = "a-channel-token"
PUSH = f"/webhooks/cronofy/{TOKEN}"
CHANGE = (
    b'{"notification":{"type":"change","changes_since":"2026-06-01T07:59:00Z"},'
    b'"channel":{"channel_id":"chn_1"}}'
)

WEEK = "/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-08&duration=60"
SETTINGS: dict[str, Any] = {
    "zone": "Europe/London",
    "hours": people.OFFICE,
    "durations": [30, 60],
    "pre": 15,
    "post": 15,
}


class Answer(TestResponse):
    """An answer whose JSON the tests know."""

    json: Any


@dataclass
class Desk:
    runtime: Runtime
    client: FlaskClient
    keys: dict[tuple[str, ...], str] = field(default_factory=dict)

    @property
    def database(self) -> Database:
        return self.runtime.services.database

    def key(self, *scopes: str) -> str:
        """A key with these scopes; with all of them when none is named."""
        wanted = scopes or api_keys.SCOPES
        if wanted not in self.keys:
            with self.database.write() as tx:
                self.keys[wanted] = api_keys.create_key(
                    tx, "-".join(wanted), wanted, now=self.runtime.services.now()
                )
        return self.keys[wanted]

    def ask(self, method: str, path: str, *scopes: str, **options: Any) -> Answer:
        """Ask with a key of these scopes (all of them when none is named)."""
        headers = {"Authorization": f"Bearer {self.key(*scopes)}"} | options.pop("headers", {})
        return cast_to(
            Answer, self.client.open(path, method=method, headers=headers, buffered=True, **options)
        )

    def look(self, path: str, **options: Any) -> Answer:
        """Ask without a key."""
        return cast_to(Answer, self.client.get(path, **options))

    def get(self, path: str, *scopes: str, **options: Any) -> Answer:
        return self.ask("GET", path, *scopes, **options)

    def put(self, path: str, body: object, *scopes: str, **options: Any) -> Answer:
        return self.ask("PUT", path, *scopes, json=body, **options)

    def push(
        self,
        raw: bytes = CHANGE,
        *,
        path: str = PUSH,
        headers: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Answer:
        """A push signed by Cronofy, unless `headers` say otherwise, or `environ` what the server
        makes of them.
        """
        sent = {
            signature.HEADER: signature.sign(raw, [SECRET]),
            "Content-Type": "application/json; charset=utf-8",
        }
        sent |= dict(headers or {})
        return cast_to(
            Answer, self.client.post(path, data=raw, headers=sent, environ_overrides=environ)
        )

    def owes(self, connection_id: str) -> int:
        """How many generations of notifications the connection's next read will serve."""
        with self.database.read() as tx:
            row = people.row_of(tx, connection_id)
        return int(row.req_gen - row.done_gen)

    def woken(self) -> list[str]:
        """The connections that workers were woken for, oldest first."""
        broker = self.runtime.broker
        assert isinstance(broker, StubBroker)
        messages = (
            broker.queues["freebusy"].queue[place]
            for place in range(broker.queues["freebusy"].qsize())
        )
        return [
            str(broker.get_actor("refresh_freebusy").message().decode(raw).args[0])
            for raw in messages
        ]

    def dump(self) -> dict[str, list[tuple[Any, ...]]]:
        """Every row of every table."""
        self.key()  # made when first used, which is no change of what is asked about
        with self.database.read() as tx:
            return {
                table.name: sorted((tuple(row) for row in tx.execute(table.select())), key=repr)
                for table in metadata.sorted_tables
                if table.name != "refusals"  # the one thing that a refusal writes
            }


def settings_for(database_url: str, redis_url: str, **changes: Any) -> Settings:
    values: dict[str, Any] = {
        "database_url": database_url,
        "redis_url": redis_url,
        "public_url": "http://127.0.0.1:8000",
        "secret_keys": Fernet.generate_key().decode(),
        "cronofy_client_id": "client",
        "cronofy_client_secrets": SECRET,
        "cronofy_origin": "http://127.0.0.1:1",
        "internal_port": 80,  # the one that the client of these tests seems to come in by
    }
    return Settings(**values | changes)


# To make one takes longer than most tests do, and nothing of a runtime stays in it: one for each
# desk that is open at the same time.
_idle: list[App] = []


@contextmanager
def opened(
    database_url: str,
    redis_url: str = NOWHERE,
    *,
    broker: Broker | None = None,
    now: datetime | Callable[[], datetime] = people.NOW,
    **changes: Any,
) -> Iterator[Desk]:
    """A desk whose clock stands at `now`, or shows what that says. `broker` None: a real one at
    `redis_url`.
    """
    settings = settings_for(database_url, redis_url, **changes)
    clock = now if callable(now) else lambda: now
    services = create_services(settings, redis_timeout=WORKER_TIMEOUT)
    services = replace(services, now=clock)
    runtime = bootstrap(settings, services=services, broker=broker)
    app = _idle.pop() if _idle else bare_app()
    try:
        yield Desk(runtime, _served(app, runtime).test_client())
    finally:
        runtime.close()
        app.in_passing = ()
        del app.extensions[EXTENSION]
        _idle.append(app)


def _served(app: App, runtime: Runtime) -> App:
    before = app.config.get("SERVERS")
    serve(app, runtime)
    # APIFlask keeps the document once it was asked for, and our own address stands in it.
    if app.config["SERVERS"] != before:
        app._spec = None
    return app


def connect(desk: Desk, *periods: tuple[int, int], coach_id: str = "ada") -> str:
    """An account of the coach that was read, found these periods, and pushes to PUSH. Returns the
    connection's id.
    """
    connection_id = people.connect(desk.database, coach_id)
    with desk.database.write() as tx:
        channels.plan_channel(tx, connection_id, channels.channel_hash(TOKEN), b"sealed")
    people.read(desk.database, connection_id, *periods)
    return connection_id
