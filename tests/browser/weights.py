"""How much a page weighs: itself, and all that it loads, as they come over the wire unpacked."""

from tests.browser.conftest import Seen
from tests.support.page_weight import MOST_BYTES

__all__ = ["MOST_BYTES", "weight"]

SIZE = "url => fetch(url).then(it => it.arrayBuffer()).then(it => it.byteLength)"


def weight(seen: Seen) -> int:
    """Bytes of the first view."""
    seen.page.wait_for_load_state()
    parts = {url for url in seen.requests if "/static/" in url}
    assert len(parts) > 3
    return sum(int(seen.page.evaluate(SIZE, url)) for url in [seen.page.url, *sorted(parts)])
