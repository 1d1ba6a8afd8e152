"""`python -m tests.bench.usage FILE COMMAND...` runs it and writes down its time and memory.

A process of its own, and a small one: what a new process has for its peak begins with its
parent's size.
"""

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

UNITS_IN_A_MEGABYTE = 1024**2 if sys.platform == "darwin" else 1024

if __name__ == "__main__":
    began = time.monotonic()
    subprocess.run(sys.argv[2:], check=True)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / UNITS_IN_A_MEGABYTE
    Path(sys.argv[1]).write_text(json.dumps({"seconds": seconds, "megabytes": peak}))
