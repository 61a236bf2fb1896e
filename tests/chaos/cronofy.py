"""The sandbox in a process of its own, which calls itself by the address that the product reaches
it at.
"""

import json
import os
import sys
import time
from pathlib import Path

from workers.cronofy.sandbox.server import Sandbox


def main(ready_file: str) -> None:
    """Until whoever started us is gone. The pages of a read are at `origin`, once a file of that
    name says it.
    """
    ready, parent = Path(ready_file), os.getppid()
    with Sandbox(seeds=(), page_size=5) as sandbox:
        beside = ready.with_suffix(".new")
        beside.write_text(json.dumps(sandbox.ready()))
        beside.replace(ready)
        named = ready.with_name("origin")
        while os.getppid() == parent:
            if named.exists() and sandbox.world.origin == sandbox.origin:
                sandbox.world.origin = named.read_text()
            time.sleep(0.2)


if __name__ == "__main__":
    main(sys.argv[1])
