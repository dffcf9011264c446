"""The bank: what it tells of tables like the one at hand, and what it does not pretend to know."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.workspace.ladder.bank import TUNED, Bank, Entry, load_bank
from modicum.workspace.ladder.recipes import RECIPES

ROOT = Path(__file__).parents[3]


def entry(family, classes=10, labels=4.0, *, table=None, agreement=0.7, accuracy=0.8, shares=None, accuracies=None):
    return Entry(
        table or family, family, classes, labels, agreement, accuracy, shares or {"a": 0.5, "b": 0.5}, accuracies or {}
    )


def test_an_empty_bank_has_no_opinion():
    bank = Bank()
    assert bank.shares(["a", "b", "c", "d"], 5, 1).tolist() == [0.25] * 4
    assert bank.lead("a", 5, 1) is None
    assert bank.accuracy(0.5, 5) is None


def test_similar_tables_count_more():
    bank = Bank((entry("few", 2, 1.0, shares={"a": 1.0}), entry("many", 100, 16.0, shares={"b": 1.0})))
    assert bank.shares(["a", "b"], 2, 1)[0] > 0.95
    assert bank.shares(["a", "b"], 100, 16)[0] < 0.05


@pytest.mark.parametrize(
    ("classes", "labels", "distance"), [(8, 4.0, 1.0), (2, 12.0, np.log2(3) / 1.5), (2, 0.0, np.log2(8) / 1.5)]
)
def test_a_table_counts_less_by_its_distance(classes, labels, distance):
    """A step of 4 in the classes is one unit, one of 2.8 in the labels a class another; half a label is the least."""
    bank = Bank((entry("here", 2, 4.0, shares={"a": 1.0}), entry("there", classes, labels, shares={"b": 1.0})))
    weight = np.exp(-0.5 * distance**2)
    assert bank.shares(["a", "b"], 2, 4.0)[1] == pytest.approx(weight / (1 + weight))


def test_leads_spread_as_they_did():
    told = (entry("x", accuracies={"a": 0.7}), entry("y", accuracies={"a": 0.5}), entry("z", accuracies={"b": 0.1}))
    lead = Bank(told).lead("a", 10, 4)
    assert (lead.mean, lead.sd) == (pytest.approx(0.2), pytest.approx(0.1))
    assert Bank(told).leads("a") == pytest.approx([0.1, 0.3])


def test_families_weigh_alike_however_many_tables_they_have():
    crowd = [entry("crowd", table=str(i), shares={"a": 1.0}) for i in range(9)]
    bank = Bank((*crowd, entry("single", shares={"b": 1.0})))
    assert bank.shares(["a", "b"], 10, 4) == pytest.approx([0.5, 0.5])


def test_an_unknown_recipe_gets_a_small_share_and_no_lead():
    bank = Bank((entry("x", accuracies={"a": 0.6}),))
    assert 0 < bank.shares(["a", "new"], 10, 4)[1] < 0.01
    assert bank.lead("new", 10, 4) is None
    lead = bank.lead("a", 10, 4)
    assert lead.mean == pytest.approx(0.2)
    assert lead.sd > 0


def test_agreement_tells_accuracy_as_on_the_tables_it_has_seen():
    # Known world: accuracy is the agreement, whatever the table.
    told = [entry(f"t{i}", 4 + i, 1.0, agreement=a, accuracy=a) for i, a in enumerate(np.linspace(0.3, 0.9, 12))]
    bank = Bank(tuple(told))
    for agreement in (0.4, 0.6, 0.8):
        assert bank.accuracy(agreement, 8).mean == pytest.approx(agreement, abs=0.03)
    assert bank.accuracy(0.6, 8).sd < 0.03


def test_a_guess_of_accuracy_tells_how_far_off_it_was():
    told = [
        entry(f"t{i}", 8, 1.0, agreement=a, accuracy=a + (0.05 if i % 2 else -0.05))
        for i, a in enumerate(np.linspace(0.3, 0.8, 20))
    ]
    found = Bank(tuple(told)).accuracy(0.5, 8)
    assert found.mean == pytest.approx(0.5, abs=0.02)
    assert found.sd == pytest.approx(0.05, abs=0.01)


def test_tables_with_many_labels_say_nothing_of_agreement():
    assert Bank(tuple(entry(f"t{i}", labels=8.0) for i in range(5))).accuracy(0.6, 8) is None


def test_a_family_can_be_left_out():
    bank = Bank((entry("x"), entry("y"), entry("x", table="part of x")))
    assert [e.family for e in bank.without("x").entries] == ["y"]


def test_json_and_back():
    bank = Bank((entry("x", accuracies={"a": 0.5}), entry("y")))
    assert Bank.from_json(bank.to_json()) == bank
    assert Bank.from_json(Bank().to_json()) == Bank()


@given(st.integers(2, 2_000), st.floats(0, 500), st.floats(0, 1))
def test_the_bank_of_the_package_answers_for_every_table(classes, labels, agreement):
    bank = load_bank()
    shares = bank.shares([recipe.name for recipe in RECIPES], classes, labels)
    assert shares.sum() == pytest.approx(1)
    assert (shares > 0).all()
    assert 0 < bank.accuracy(agreement, classes).mean < 1


def test_the_bank_of_the_package_knows_every_recipe():
    """A recipe that is added or renamed calls for a new bank."""
    for told in load_bank().entries:
        assert set(told.accuracies) - {TUNED} == {recipe.name for recipe in RECIPES}
        assert set(told.shares) == {recipe.name for recipe in RECIPES if recipe.pooled}
        assert sum(told.shares.values()) == pytest.approx(1, abs=0.01)


def test_what_tuning_gained_is_what_was_measured_against_the_ladder():
    rows = json.loads((ROOT / "benchmarks/weights.json").read_text(encoding="utf-8"))["rows"]
    measured = {r["on"]: r["value"] - r["baseline"] for r in rows if r["measure"] == "accuracy, tuned, names + shots"}
    entries = [entry for entry in load_bank().entries if TUNED in entry.accuracies]
    assert len(entries) == 3
    for told in entries:
        lead = measured[f"{told.table} test, {told.labels_per_class:g} labels a class"]
        assert told.accuracies[TUNED] - told.accuracy == pytest.approx(lead)
