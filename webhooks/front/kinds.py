"""The kinds of requests that are refused before a view sees them, and the bounds that they pass."""

MOST_AHEAD = 16
"""Requests that may be sent before the first is answered."""
READ_SECONDS = 10.0
"""For a request to come in, from its first octet to its last."""
LONGEST_TARGET = 8100
LARGEST_HEAD = 32 * 1024
MOST_FIELDS = 100


# kind -> status, and what to do about it
KINDS: dict[str, tuple[int, str]] = {
    "head": (400, "Send a request line and header fields as RFC 9112 writes them."),
    "line_end": (400, "End each line of the head with CR LF."),
    "length": (
        400,
        (
            "Send a body with one Content-Length, or with Transfer-Encoding: chunked, and never"
            " with both."
        ),
    ),
    "host": (400, "Send exactly one Host."),
    "target": (400, "Ask for a path that begins with a slash."),
    "chunk": (400, "Send chunks as RFC 9112 writes them."),
    "upgrade": (400, "Send a body without Upgrade: no other protocol is spoken here."),
    "ahead": (
        400,
        (
            f"Wait for answers: at most {MOST_AHEAD} requests may be sent before the first is"
            " answered."
        ),
    ),
    "late": (408, f"Send the whole request within {READ_SECONDS:.0f} s of its first octet."),
    "long_target": (414, f"Send a path and query of at most {LONGEST_TARGET} octets."),
    "large_head": (
        431,
        f"Send at most {MOST_FIELDS} header fields, of {LARGEST_HEAD // 1024} kB together.",
    ),
    "fault": (
        500,
        "This is our fault: tell us the request_id, and repeat the request later.",
    ),
    "crowded": (503, "Too many requests were on their way at once: repeat it shortly."),
}


class Unread(Exception):
    """This request is refused, as being of this kind."""
