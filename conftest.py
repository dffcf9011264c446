"""Every test and doctest: offline, a cache of its own, the same examples each run, nothing of the caller's shell."""

from __future__ import annotations

import importlib.util
import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# What imports the packages of the extras `images`, `index`, `ray` and `store`; a plain test runs what examples it has.
collect_ignore = [
    "src/modicum/encoders/images/backends",
    "src/modicum/encoders/images/decode.py",
    "src/modicum/vectors/index/faiss_lists.py",
    "src/modicum/workspace/executors/ray.py",
    "src/modicum/data/store/lance.py",
    "src/modicum/data/store/numbered.py",
]
if importlib.util.find_spec("torch") is None:
    collect_ignore.append("src/modicum/weights")
    collect_ignore_glob = ["tests/weights/*/worlds.py"]

settings.register_profile(
    "suite", derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


def pytest_configure(config: pytest.Config) -> None:
    """Before anything is imported: no colours for a terminal that is not there, no reports of use to anyone."""
    for name in ("FORCE_COLOR", "PY_COLORS", "NO_COLOR", "GITHUB_ACTIONS", "COLUMNS"):
        os.environ.pop(name, None)
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Iterator[str]]:
    """Where the caches of the session lie; no test sees the user's cache or asks a network for weights."""
    folder = tmp_path_factory.mktemp("caches")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MODICUM_OFFLINE", "1")
        patch.setenv("MODICUM_CACHE", str(folder / "shared"))
        yield (str(folder / f"{number}") for number in itertools.count())


@pytest.fixture(autouse=True)
def own_cache(caches: Iterator[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A cache per test, so that their order cannot matter."""
    monkeypatch.setenv("MODICUM_CACHE", next(caches))
