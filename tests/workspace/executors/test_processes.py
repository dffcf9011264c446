"""Workers as processes: Ctrl-C ends them at once, and without a word."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

SCRIPT = """
import time
from modicum.workspace.executors.processes import Processes


class Slow:
    def open(self, threads):
        return self.answer

    def answer(self, seconds):
        print("at it", flush=True)
        time.sleep(seconds)


if __name__ == "__main__":
    try:
        list(Processes(2).run(Slow(), [60, 60]))
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


def test_ctrl_c_ends_workers_at_once_and_without_a_traceback(tmp_path):
    (tmp_path / "slow.py").write_text(SCRIPT)
    # A shell that runs the tests in the background has them ignore SIGINT, and what they start as well.
    ignored = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, "slow.py"],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    finally:
        signal.signal(signal.SIGINT, ignored)
    assert [process.stdout.readline() for _ in range(2)] == ["at it\n", "at it\n"]
    begun = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    told, errors = process.communicate(timeout=30)
    assert (told, errors) == ("interrupted\n", "")
    assert time.monotonic() - begun < 5
