"""The packages that modicum asks for: their versions, whether they can be imported, and the command that gets them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, requires, version
from types import MappingProxyType

from modicum.workspace.doctor.finding import Finding

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "onnxruntime": "modicum.encoders.engine",
        "pystemmer": "Stemmer",
        "pyyaml": "yaml",
        "scikit-learn": "sklearn",
    }
)
"""What is imported of a package, where that is not its name; onnxruntime by the door that keeps it silent."""
EXTRAS: Mapping[str, str] = MappingProxyType(
    {
        "feed": "feeds and reference lists",
        "images": "encoders of images",
        "index": "indexes of millions of vectors",
        "ray": "--executor ray",
        "serve": "serve, label and the pages of a feed",
        "store": "tables and vectors in LanceDB",
        "torch": "tuning, merging and shrinking encoders",
    }
)
"""What each extra is for."""
ASKED = re.compile(r"(?P<name>[\w.-]+)\s*>=\s*(?P<least>[\w.]+)(?:\s*;\s*extra\s*==\s*['\"](?P<extra>[\w-]+)['\"])?")
REINSTALL = "pip install --force-reinstall modicum"


@dataclass(frozen=True)
class Asked:
    """A package that is asked for."""

    name: str
    least: str
    """Lowest version that serves."""
    extra: str | None
    """The extra that asks for it; None where modicum itself does."""


def asked() -> tuple[Asked, ...]:
    """All packages that the installed modicum asks for; none where it was not installed, only put on the path."""
    try:
        lines = requires("modicum") or []
    except PackageNotFoundError:
        return ()
    found = [ASKED.fullmatch(line.strip()) for line in lines]
    return tuple(Asked(one["name"], one["least"], one["extra"]) for one in found if one)


def check_package(package: Asked) -> Finding:
    """Whether a package is there and new enough; what modicum itself needs is imported, too."""
    extra, least = package.extra, package.least
    topic = "package" if extra is None else f"extra {extra}"
    found = partial(Finding, topic, package.name, needed=extra is None, use=EXTRAS.get(extra or "", ""))
    what = f'"{package.name}>={least}"' if extra is None else f"'modicum[{extra}]'"
    try:
        there = version(package.name)
    except PackageNotFoundError:
        return found("missing", f"{least} or newer", f"pip install {what}")
    if _numbers(there) < _numbers(least):
        return found("old", f"{there}; {least} or newer is needed", f"pip install --upgrade {what}")
    if extra is None:
        try:
            importlib.import_module(MODULES.get(package.name.lower(), package.name.replace("-", "_")))
        except Exception as error:  # noqa: BLE001  # a broken package may raise anything
            said = f"{there} cannot be imported ({type(error).__name__}: {str(error).partition(chr(10))[0]})"
            return found("broken", said, f"pip install --force-reinstall --no-deps {what}")
    return found("ok", there)


def _numbers(told: str) -> tuple[int, ...]:
    """The release of a version, for comparison."""
    release = re.match(r"\d+(?:\.\d+)*", told)
    return tuple(map(int, release[0].split("."))) if release else ()
