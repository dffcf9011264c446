"""Lazy names: imported when used, unknown ones refused as usual."""

from __future__ import annotations

import math

import pytest

import modicum
from modicum.core.lazy import lazy_names


def test_the_front_door_leads_to_the_rooms():
    assert modicum.heads.ClassMean.__module__ == "modicum.heads.class_mean"
    assert callable(modicum.fit)
    assert set(modicum.__all__) <= set(dir(modicum))


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        lazy_names("p", {})("nothing")


def test_a_name_is_that_of_its_module_and_a_room_is_the_package_itself():
    get = lazy_names("modicum", {"root": "nowhere", "sqrt": "math"}, ("heads",))
    assert get("sqrt") is math.sqrt
    assert get("heads") is modicum.heads
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        get("root")
