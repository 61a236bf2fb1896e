"""A list read to its end, page by page, as a client does."""

from typing import Any

from tests.support.http_client import Desk


def walked(desk: Desk, name: str, limit: int = 2, /, **query: str) -> list[dict[str, Any]]:
    """All items of the list under these filters; `from_` is `from`."""
    asked = {key.rstrip("_"): value for key, value in query.items()} | {"limit": str(limit)}
    found: list[dict[str, Any]] = []
    for _ in range(100):
        answer = desk.get(f"/v1/{name}", query_string=asked)
        assert answer.status_code == 200, answer.text
        assert len(answer.json[name]) <= limit
        found += answer.json[name]
        if answer.json["next_cursor"] is None:
            return found
        asked["cursor"] = answer.json["next_cursor"]
    raise AssertionError("a hundred pages, and no end")
