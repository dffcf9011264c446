"""The locks are layers: each adds to the one below, is pinned and hashed, and holds what the project asks for."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LAYERS = {"core": ["build"], "test": ["build", "test"], "check": ["build", "test", "check"]}
PINNED = ("images", "ray", "store", "torch")
"""Extras that tests need, beside those in the layers."""
APART = "docs"
"""The lock of what builds the site: not what modicum needs, but at the same versions where both need it."""


def pins(layer):
    """Versions by package, several where they depend on the Python version or the system."""
    found = {}
    for name, version in re.findall(r"^([\w.-]+)==([^ ]+)", read(layer), re.MULTILINE):
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


def read(layer):
    return (ROOT / "locks" / f"{layer}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("layer", [*LAYERS, APART, "encoder", "extras", "scale", "torch"])
def test_everything_is_hashed_and_no_address_is_named(layer):
    entries = re.split(r"^(?=[\w.-]+==)", read(layer), flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)
    assert "://" not in read(layer)


@pytest.mark.parametrize(("below", "above"), [("core", "test"), ("test", "check")])
def test_a_layer_keeps_the_versions_below(below, above):
    assert pins(below).items() <= pins(above).items()


@pytest.mark.parametrize("layer", LAYERS)
def test_what_the_project_asks_for_is_pinned(layer):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [*project["project"]["dependencies"], *(r for g in LAYERS[layer] for r in project["dependency-groups"][g])]
    locked = pins(layer)
    for requirement in map(Requirement, asked):
        versions = locked[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), requirement


def test_what_builds_the_site_is_pinned_and_contradicts_no_layer():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = pins(APART)
    for requirement in map(Requirement, project["dependency-groups"][APART]):
        assert all(version in requirement.specifier for version in locked[canonicalize_name(requirement.name)])
    for name, versions in locked.items():
        assert versions == pins("check").get(name, versions)


def test_what_the_extras_ask_for_is_pinned():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    locked = pins("extras") | pins("scale") | pins("torch")
    extras = project["project"]["optional-dependencies"]
    for requirement in map(Requirement, (asked for extra in PINNED for asked in extras[extra])):
        versions = locked[canonicalize_name(requirement.name)]
        assert all(version in requirement.specifier for version in versions), requirement


def test_the_layer_of_extras_contradicts_no_other():
    for name, versions in (pins("extras") | pins("scale") | pins("torch")).items():
        assert versions == pins("test").get(name, versions)
