"""PgBouncer between us and a PostgreSQL: in transaction mode each transaction may meet another
server process.
"""

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from tests.support.unix_user import UsersChild, unprivileged
from workers.embedded.child import on_free_port

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/bin:/opt/homebrew/bin:/usr/bin")
LEFT_OUT = "no PgBouncer is here (Debian: apt-get install pgbouncer)"
CONFIG = """
[databases]
* = host=127.0.0.1 port={server}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users
default_pool_size = 4
"""


@contextmanager
def pgbouncer(url: str, *, pool_mode: str = "transaction", **settings: object) -> Iterator[str]:
    """The URL of this database by way of a PgBouncer, as Debian's package comes: nothing of it is
    tuned for us, but by `settings`.
    """
    assert PROGRAM is not None
    parts = urlsplit(url)
    child = UsersChild("pgbouncer", unprivileged())
    try:
        (child.folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
        settings |= {"pool_mode": pool_mode}
        lines = [f"{name} = {value}" for name, value in settings.items()]
        port = on_free_port(lambda port: _start(child, port, parts.port or 5432, lines))
        login = f"{parts.username}:{parts.password}"
        yield parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
    finally:
        child.close()


def _start(child: UsersChild, port: int, server: int, settings: list[str]) -> None:
    config = child.folder / "pgbouncer.ini"
    usual = CONFIG.format(port=port, server=server, folder=child.folder)
    config.write_text("\n".join([usual, *settings, ""]))
    child.account.own(child.folder)
    child.start([str(PROGRAM), str(config)], ready=lambda: _listens(port))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
