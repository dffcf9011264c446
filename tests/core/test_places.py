"""Where the cache lies on each platform."""

from __future__ import annotations

from pathlib import Path

import pytest

from modicum.core.places import cache_root


@pytest.mark.parametrize(
    ("environ", "platform", "expected"),
    [
        ({}, "linux", ".cache/modicum"),
        ({"XDG_CACHE_HOME": "relative"}, "linux", ".cache/modicum"),
        ({"MODICUM_CACHE": ""}, "linux", ".cache/modicum"),
        ({}, "darwin", "Library/Caches/modicum"),
        ({"XDG_CACHE_HOME": "/elsewhere"}, "darwin", "Library/Caches/modicum"),
        ({}, "win32", "AppData/Local/modicum"),
        ({"MODICUM_CACHE": "~/here"}, "win32", "here"),
    ],
)
def test_places_under_the_home_folder(environ, platform, expected):
    assert cache_root(environ, platform) == Path.home() / expected


def test_named_places_come_first(tmp_path):
    named = {"MODICUM_CACHE": str(tmp_path / "mine"), "XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path)}
    assert cache_root(named, "linux") == tmp_path / "mine"
    del named["MODICUM_CACHE"]
    assert cache_root(named, "linux") == cache_root(named, "win32") == tmp_path / "modicum"


def test_a_relative_place_is_made_absolute():
    assert cache_root({"MODICUM_CACHE": "here"}) == Path.cwd() / "here"
