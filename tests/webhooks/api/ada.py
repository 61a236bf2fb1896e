"""Ada, as she is asked about over HTTP."""

from tests.support.http_client import WEEK, Desk

ADA = "/v1/coaches/ada"
PATH = "/v1/coaches/ada/slots"


def starts(desk: Desk) -> list[str]:
    listed: list[str] = desk.get(WEEK).json["starts"]
    return listed
