"""Connections that lead into the internet alone: to the very address that was looked at.

The race: a name leads outside when it is looked up, and to our neighbours when it is connected to,
because whoever owns it answers each question as they like. So it is looked up once, and what is
connected to is a number.
"""

from socket import socket

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from workers.public_addresses import public_addresses_of

MOST_TRIED = 3
"""Each may take as long as a connection may: a name with many would hold a thread for minutes."""


def connected(connection: HTTPConnection | HTTPSConnection) -> socket:
    """Raises NewConnectionError. Of a certificate the name is compared, not the number."""
    failure = "its name leads to an address that is not in the internet"
    try:
        addresses = public_addresses_of(connection.host)
    except OSError:
        addresses, failure = [], "its name does not resolve"
    for address in addresses[:MOST_TRIED]:
        try:
            return create_connection(
                (address, connection.port),
                connection.timeout,
                source_address=connection.source_address,
                socket_options=connection.socket_options,
            )
        except OSError as error:
            failure = f"no connection ({type(error).__name__})"
    raise NewConnectionError(connection, failure)
