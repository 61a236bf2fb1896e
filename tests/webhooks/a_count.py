"""A web process that counts one request and prints its counts: `python -m tests.webhooks.a_count
URL`.
"""

import sys

from tests.support import http_client

if __name__ == "__main__":
    with http_client.opened(sys.argv[1]) as opened:
        opened.client.get("/healthz")
        print(opened.client.get("/metrics").text)
