"""What a report lists, and how much of it there is."""

from __future__ import annotations

import numpy as np

import modicum
from modicum.workspace.findings import conflicting
from modicum.workspace.same_texts import SameTexts


def test_groups_of_clashing_labels_are_all_counted_and_the_first_listed():
    table = modicum.read(
        {"text": [f"text {n // 2}" for n in range(40)], "label": ["a", "b"] * 20}, text="text", label="label"
    )
    groups = np.arange(40) // 2
    listed, found = conflicting(table, SameTexts(groups, groups), top=15)
    assert (len(listed), found) == (15, 20)
    assert listed[1] == {"ids": list(table.ids[2:4]), "texts": ["text 1"] * 2, "labels": ["a", "b"]}
