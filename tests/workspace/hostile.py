"""Opens bundles from strangers, in a process of its own that may have little memory and little time.

python hostile.py FOLDER...  prints a line of JSON for each: what was raised, or that it answers.
"""

import json
import resource
import sys
import time
from pathlib import Path

import modicum

MEMORY, SECONDS = 4 << 30, 240
"""Bytes of addresses, most of them of libraries, and seconds of work for all bundles together."""


def open_(folder):
    bundle = modicum.load(folder)
    modicum.workspace.read_report(folder)
    encoder = bundle.find_encoder(1)
    bundle.predict(["where is my card", "card " * 2000], encoder=encoder, cache=False)
    modicum.workspace.carried_answers(folder)
    modicum.workspace.carried_search(folder, bundle, encoder)


def main():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    for folder in map(Path, sys.argv[1:]):
        start, kind, said = time.perf_counter(), "", ""
        try:
            open_(folder)
        except BaseException as error:  # noqa: BLE001  # a panic of compiled code is no Exception
            kind, said = type(error).__name__, str(error)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        told = {"name": folder.name, "kind": kind, "said": said, "seconds": time.perf_counter() - start, "peak": peak}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
