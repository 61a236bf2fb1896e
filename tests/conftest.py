"""What every test may ask for: a real Redis, real databases of both kinds, and no network beyond
this machine.

The servers are those of `workers.embedded.redis` and `tests.support.postgres`, one of each per test
process, started when first asked for. REDIS_URL and a DATABASE_URL of PostgreSQL name others
instead.
"""

import gc
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, suppress
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.strategies import text
from redis import Redis

from storage.schema import postgres as postgresql
from storage.schema.database import Database, create
from tests.support import lock_order as lock_orders
from tests.support import made_once
from tests.support.databases import Kind, PostgresDatabases, copy_of, in_memory, migrate
from tests.support.postgres import postgres_server
from tests.support.progress import Progress
from workers.breaker import RedisBreaker
from workers.embedded.redis import redis_server

ROOT = Path(__file__).parents[1]
TEST_MODULES = sorted(Path(__file__).parent.rglob("test_*.py"))
KINDS: tuple[Kind, ...] = ("sqlite", "postgresql")
CONNECT_SECONDS = 20.0

# A machine at work takes longer than a second for what it is to draw.
SLOWLY: dict[str, Any] = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("ci", derandomize=True, database=None, **SLOWLY)
settings.register_profile("deep", settings.get_profile("ci"), max_examples=1_000)  # --deep
settings.register_profile("search", max_examples=2_000, **SLOWLY)  # --hypothesis-profile search
settings.load_profile("ci")
made_once.share()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--deep",
        action="store_true",
        help="also what searches for long: `deep` tests, more examples",
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Only where results come together is there a terminal."""
    # In a new clone Hypothesis first lists all characters, which takes 200 MB for a second: now,
    # while a tester is small.
    text().validate()
    reporter = session.config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None and not hasattr(session.config, "workerinput"):
        session.config.pluginmanager.register(Progress(session, reporter))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Before pytest-socket reads its options: sockets reach this machine only."""
    config.addinivalue_line("markers", "deep: takes minutes; runs with --deep alone")
    config.addinivalue_line("markers", "impatient: connects to a database as the product does")
    if config.option.deep:
        settings.load_profile("deep")
    config.option.allow_hosts = config.option.allow_hosts or "127.0.0.1,::1,localhost"
    config.option.allow_unix_socket = True
    # A developer's own .env is no test's.
    os.environ["PYTHON_DOTENV_DISABLED"] = "1"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave `deep` tests out, not skip them: they hide no hole, `./run test --deep` runs them."""
    if config.option.deep:
        return
    deep = [item for item in items if item.get_closest_marker("deep")]
    items[:] = [item for item in items if item not in deep]
    config.hook.pytest_deselected(items=deep)


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Each tester prepares the assertions of its share of the modules first, for all testers.

    It keeps them on disk; else, in a new clone, each would prepare those of every module.
    """
    given: dict[str, str] = getattr(session.config, "workerinput", {})
    if not given or session.config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, testers = int(given["workerid"].removeprefix("gw")), int(given["workercount"])
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in TEST_MODULES]
    for name in names[number::testers]:
        with suppress(Exception, pytest.skip.Exception):  # the collection meets and tells it
            import_module(name)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it at each full collection was an eighth of the
    suite.
    """
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A tester has sent on how the test went, and keeps neither that nor what the test printed."""
    done = yield
    if hasattr(item.config, "workerinput"):
        item.config.pluginmanager.getplugin("terminalreporter").stats.clear()
        item._report_sections.clear()
    return done


@pytest.fixture(scope="session")
def redis_session() -> Iterator[str]:
    """A Redis that no other test process uses."""
    with ExitStack() as ours:
        if given := os.environ.get("REDIS_URL"):
            # It has 16 databases: each test process takes its own, counting from the one in the
            # URL.
            process = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
            url = _next_database(given, process)
        else:
            url = ours.enter_context(redis_server()).url
        with Redis.from_url(url) as client:
            assert client.dbsize() == 0, (
                "REDIS_URL names a database that holds data; the tests need an empty one"
            )
        yield url


@pytest.fixture
def redis_url(redis_session: str) -> str:
    """An empty Redis."""
    with Redis.from_url(redis_session) as client:
        client.flushdb()
    return redis_session


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabases]:
    given = os.environ.get("DATABASE_URL", "")
    with postgres_server(given if given.startswith("postgresql") else None) as server:
        databases = PostgresDatabases(server)
        yield databases
        databases.close()
        if given:
            databases.drop_all()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "migrated.sqlite"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def fresh_database(request: pytest.FixtureRequest) -> Iterator[Callable[[Kind], str]]:
    """`fresh_database(kind)` answers the URL of a migrated database without a row, another at each
    call.
    """
    with ExitStack() as afterwards:

        def fresh(kind: Kind) -> str:
            if kind == "sqlite":
                folder = Path(afterwards.enter_context(in_memory()))
                return copy_of(request.getfixturevalue("sqlite_template"), folder / "fresh.sqlite")
            databases: PostgresDatabases = request.getfixturevalue("postgres")
            url = databases.fresh()
            afterwards.callback(databases.release, url)
            return url

        yield fresh


@pytest.fixture
def blank_database(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[Kind], str]]:
    """`blank_database(kind)` answers the URL of a database without a table, another at
    each call.
    """
    numbers = count()
    with ExitStack() as afterwards:

        def blank(kind: Kind) -> str:
            if kind == "sqlite":
                return f"sqlite:///{tmp_path}/blank-{next(numbers)}.sqlite"
            databases: PostgresDatabases = request.getfixturevalue("postgres")
            url = databases.blank()
            afterwards.callback(databases.drop, url)
            return url

        yield blank


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest, fresh_database: Callable[[Kind], str]) -> str:
    """A migrated database without a row; the test runs on both kinds."""
    return fresh_database(request.param)


@pytest.fixture(params=KINDS)
def empty_database_url(
    request: pytest.FixtureRequest, blank_database: Callable[[Kind], str]
) -> str:
    """A database without a table; the test runs on both kinds."""
    return blank_database(request.param)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """`database_url`, opened."""
    opened = create(database_url)
    yield opened
    opened.close()


def _next_database(url: str, places: int) -> str:
    parts = urlsplit(url)
    return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + places}").geturl()


@pytest.fixture(autouse=True)
def a_slow_database_is_there(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever connects to PostgreSQL gets so long that a stall of this machine is no outage.

    Not where silence is the point (`impatient`): there each look at a lost server would take it.
    """
    if request.node.get_closest_marker("impatient"):
        yield
        return
    with (
        patch.object(postgresql, "CONNECT_SECONDS", CONNECT_SECONDS),
        patch.object(postgresql, "PROBE_SECONDS", CONNECT_SECONDS),
    ):
        yield


@pytest.fixture(autouse=True)
def no_redis_is_watched_any_longer() -> Iterator[None]:
    """Whatever a test found away is its own.

    The race: it ends while its Redis is away, whose watch goes on: it says so in the logs that a
    later test looks at, and asks a port that is a later server's.
    """
    made, begun = list[RedisBreaker](), RedisBreaker.__init__

    def noted(self: RedisBreaker, *parts: Any, **options: Any) -> None:
        begun(self, *parts, **options)
        made.append(self)

    with patch.object(RedisBreaker, "__init__", noted):
        yield
    for each in made:
        each.close()


@pytest.fixture(scope="session")
def lock_order() -> Iterator[lock_orders.LockOrder]:
    with lock_orders.watched() as order:
        yield order


@pytest.fixture(autouse=True)
def no_coach_is_locked_late(lock_order: lock_orders.LockOrder) -> Iterator[None]:
    yield
    wrong, lock_order.wrong = lock_order.wrong, []
    assert wrong == [], "\n".join(wrong)
