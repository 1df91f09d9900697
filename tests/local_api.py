"""Serves the HTTP API of a small demo partner for the checks that ask it."""

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

TESTS = Path(__file__).resolve().parent
STACK = ["cargo", "run", "--quiet", "--locked", "--package", "local-stack", "--bin", "dev", "--"]
PARTNER = ["--customers", "12", "--products", "12", "--month", "2026-11"]
PROMPT_S = 60


@contextmanager
def served(folder):
    """The address and a token of the HTTP API, which is served for as long as the block lasts."""
    command = [*STACK, "--data", folder, *PARTNER, "api", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=TESTS) as serving:
        try:
            # Lines such as API=http://127.0.0.1:9012, up to the one that says how to end it.
            said = {}
            for line in serving.stdout:
                name, _, value = line.strip().partition("=")
                said[name] = value
                if line.startswith("Ctrl-C"):
                    break
            if not {"API", "TOKEN"} <= said.keys():
                sys.exit("tests/local_api.py: the API did not start")
            yield said["API"], said["TOKEN"]
        finally:
            serving.send_signal(signal.SIGINT)
            serving.wait(PROMPT_S)
