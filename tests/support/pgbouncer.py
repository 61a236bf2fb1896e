"""PgBouncer in transaction mode between us and a PostgreSQL: each transaction may meet another
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
pool_mode = transaction
default_pool_size = 4
"""


@contextmanager
def pgbouncer(url: str) -> Iterator[str]:
    """The URL of this database by way of a PgBouncer, as Debian's package comes: nothing of it is
    tuned for us.
    """
    assert PROGRAM is not None
    parts = urlsplit(url)
    child = UsersChild("pgbouncer", unprivileged())
    try:
        (child.folder / "users").write_text(f'"{parts.username}" "{parts.password}"\n')
        port = on_free_port(lambda port: _start(child, port, parts.port or 5432))
        login = f"{parts.username}:{parts.password}"
        yield parts._replace(netloc=f"{login}@127.0.0.1:{port}").geturl()
    finally:
        child.close()


def _start(child: UsersChild, port: int, server: int) -> None:
    config = child.folder / "pgbouncer.ini"
    config.write_text(CONFIG.format(port=port, server=server, folder=child.folder))
    child.account.own(child.folder)
    child.start([str(PROGRAM), str(config)], ready=lambda: _listens(port))


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
