"""Every test: offline, with a cache of its own, and with the same examples on every run."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "suite", derandomize=True, deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")


@pytest.fixture(autouse=True)
def own_places(monkeypatch, tmp_path_factory):
    """No test reads or writes the user's cache, and none asks a network for weights."""
    monkeypatch.setenv("MODICUM_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.setenv("MODICUM_OFFLINE", "1")
