"""What the Python scripts share: how they tell `cargo scale rivals` what they believe to have done."""

import json
import re
import time
from pathlib import Path

ATTEMPTS = 5


def pause_s(attempt):
    """How long to wait before trying again where the server does not say."""
    return 0.25 * 2 ** (attempt - 1)


def peak_kib():
    """The most memory that this process ever had resident, where the system says it."""
    try:
        return int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
    except OSError:
        return None


def report(start, ended):
    wall_ms = round((time.monotonic() - start) * 1000)
    rows = [{"agreement": agreement, "product": product, "outcome": outcome} for agreement, product, outcome in ended]
    print(json.dumps({"wallMs": wall_ms, "peakKib": peak_kib(), "ended": rows}))
