"""What the machine offers, and where modicum writes."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modicum.core.cores import usable_cores
from modicum.core.places import cache_root
from modicum.workspace.doctor.finding import Finding

PATIENCE = 10.0
"""Seconds to wait for the tool that lists GPUs."""
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
LITTLE = 1 << 30
"""Free bytes under which a disk is said to be full: an encoder and a cache of vectors need about as much."""


@dataclass(frozen=True)
class Machine:
    """What there is to compute with."""

    system: str
    cores: int
    """Cores that this process may use."""
    cores_there: int
    threads: Mapping[str, str]
    """Variables that hold the number of threads down."""
    gpus: tuple[str, ...]

    def findings(self) -> list[Finding]:
        """What is told of it."""
        held = "".join(f", {name}={value}" for name, value in self.threads.items())
        gpu = "; ".join(self.gpus) or "none, and none is needed"
        return [
            Finding("machine", "system", "ok", self.system),
            Finding("machine", "cores", "ok", f"{self.cores} of {self.cores_there} usable{held}"),
            Finding("machine", "gpu", "ok", gpu),
        ]


@dataclass(frozen=True)
class Cache:
    """Where vectors and weights are kept."""

    folder: str
    bytes: int
    free: int
    writable: bool
    beside: bool
    """Whether the current folder can be written, where bundles go by default."""

    def findings(self) -> list[Finding]:
        """What is told of it."""
        size = f"{self.bytes / 1e6:,.0f} MB used, {self.free / 1e9:,.1f} GB free"
        full = self.free < LITTLE
        state = "ok" if self.writable and not full else "wrong"
        other = "name another folder in the variable MODICUM_CACHE"
        remedy = other if not self.writable else f"free some space, or {other}" if full else ""
        told = f"{self.folder}: {size}" + ("" if self.writable else ", not writable")
        here = _current()
        known = "it was removed" if here is None else f"{here} is {'writable' if self.beside else 'not writable'}"
        beside = ("ok", known) if self.beside else ("wrong", known, "name another with --out")
        cache = Finding("cache", "cache", state, told, remedy, needed=not self.writable)
        return [cache, Finding("cache", "current folder", *beside)]


def look_at_machine(environ: Mapping[str, str]) -> Machine:
    """System, cores and GPUs."""
    held = {name: environ[name] for name in THREADS if environ.get(name)}
    return Machine(platform.platform(), usable_cores(), os.cpu_count() or 1, held, _gpus())


def look_at_cache(environ: Mapping[str, str]) -> Cache:
    """Size of the cache, room on its disk, and whether it can be written; it need not exist, and is not made."""
    folder = cache_root(environ)
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    here = _current()
    return Cache(str(folder), _size(folder), free, _writable(there), here is not None and _writable(here))


def _current() -> Path | None:
    """The current folder; None where it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(place) / name).lstat().st_size
            except OSError:
                continue  # another process has just removed it
    return total


def _writable(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _gpus() -> tuple[str, ...]:
    """NVIDIA GPUs by name; torch is not imported for that."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ()
    command = [tool, "--query-gpu=name,memory.total", "--format=csv,noheader"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
