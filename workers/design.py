"""The look of all pages that need no more than one sheet: the front and the API's pages, and on
the laptop the sandbox, the post box and the demo's index.

It lies in this room because the sandbox may not import webhooks, while webhooks may import this.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""`static_folder` of each of their apps: style.css, favicon.svg, and times.js, which tells each
`<time>` in the zone of whoever looks."""
