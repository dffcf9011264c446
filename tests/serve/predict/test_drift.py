"""Recent traffic beside the training table: no alarm without a change, one with it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.serve.predict.drift import LEAST, Drift

CLASSES = ("food", "sport", "weather")


def drift(shares=(0.5, 0.3, 0.2), rows=1000, unknown=0.1, window=500, classes=CLASSES):
    rng = np.random.default_rng(1)
    told = {
        "prediction": [classes[k] for k in rng.choice(3, rows, p=shares)],
        "unknown": (rng.random(rows) < unknown).tolist(),
    }
    return Drift.of(SimpleNamespace(classes=classes), told, window), rng


def test_the_same_traffic_raises_no_alarm_and_other_traffic_does():
    seen, rng = drift()
    same = [CLASSES[k] for k in rng.choice(3, 500, p=(0.5, 0.3, 0.2))]
    seen.observe(same, (rng.random(500) < 0.1).tolist())
    figures = seen.figures()
    assert not figures.alarm
    assert figures.distance < figures.distance_limit < 0.15
    assert figures.unknown < figures.unknown_limit
    seen.observe(["weather"] * 500, [False] * 500)
    figures = seen.figures()
    assert figures.alarm
    assert (figures.items, figures.shares["weather"][0], figures.shares["food"][0]) == (500, 1.0, 0.0)
    assert figures.distance == pytest.approx(1 - figures.shares["weather"][1])


def test_more_unknown_items_raise_an_alarm():
    seen, rng = drift()
    seen.observe([CLASSES[k] for k in rng.choice(3, 400, p=(0.5, 0.3, 0.2))], (rng.random(400) < 0.25).tolist())
    figures = seen.figures()
    assert figures.alarm
    assert figures.unknown > figures.unknown_limit > figures.unknown_trained


def test_false_alarms_are_as_rare_as_said():
    alarms = 0
    for seed in range(60):
        seen, _ = drift(rows=400, window=200)
        rng = np.random.default_rng(seed)
        seen.observe([CLASSES[k] for k in rng.choice(3, 200, p=(0.5, 0.3, 0.2))], (rng.random(200) < 0.1).tolist())
        alarms += seen.figures().alarm
    assert alarms <= 4


def of_counts(trained, unknown=None):
    names = [f"c{k}" for k in range(len(trained))]
    return Drift(names, np.array(trained), unknown, window=2000), names


def test_what_the_table_never_had_raises_an_alarm_but_one_item_of_it_does_not():
    for rows in (500, 20_000, 1_000_000):
        for items in (50, 100, 2000):
            strange, _ = of_counts([rows // 2, rows // 2], unknown=(0, rows))
            strange.observe(["c0", "c1"] * (items // 2), [True] * items)
            assert strange.figures().alarm
            other, _ = of_counts([rows, 0])
            other.observe(["c1"] * items, None)
            assert other.figures().alarm
            unlucky, _ = of_counts([rows, 0], unknown=(0, rows))
            unlucky.observe(["c0"] * (items - 1) + ["c1"], [False] * (items - 1) + [True])
            assert not unlucky.figures().alarm


def test_false_alarms_are_rare_where_many_classes_are_rare():
    shares, alarms = 1 / np.arange(1, 151), 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        seen, names = of_counts(rng.multinomial(300, shares / shares.sum()))
        seen.observe([names[k] for k in rng.choice(150, 300, p=shares / shares.sum())], None)
        alarms += seen.figures().alarm
    assert alarms <= 2


def test_few_items_raise_none():
    seen, _ = drift()
    seen.observe(["weather"] * (LEAST - 1), [True] * (LEAST - 1))
    assert not seen.figures().alarm
    seen.observe(["weather"], [True])
    assert seen.figures().alarm


def test_several_labels_none_and_numbers():
    told = {"prediction": [["food"], ["food", "sport"], []], "unknown": [False, False, True]}
    seen = Drift.of(SimpleNamespace(classes=CLASSES), told, 10)
    seen.observe([["food", "weather"], []], [False, False])
    shares = seen.figures().shares
    assert shares["(none)"] == (pytest.approx(1 / 3), pytest.approx(1 / 4))
    assert shares["food"] == (pytest.approx(1 / 3), pytest.approx(1 / 2))
    numbers = Drift.of(SimpleNamespace(classes=()), {"prediction": list(range(100))}, 100)
    numbers.observe([95.0] * 60, None)
    figures = numbers.figures()
    assert figures.alarm
    assert figures.unknown is None
    assert len(figures.shares) == 10
    assert next(reversed(figures.shares.values())) == (1.0, pytest.approx(0.1))


def test_a_bundle_without_answers_compares_nothing():
    seen = Drift.of(SimpleNamespace(classes=CLASSES), {}, 10)
    assert seen.figures().to_dict()["items"] == 0
    seen.observe(["food"] * 60, [True] * 60)
    figures = seen.figures()
    assert (figures.distance, figures.unknown, figures.alarm, figures.trained) == (None, None, False, 0)
    assert figures.shares["food"] == (1.0, None)


@given(st.lists(st.sampled_from(CLASSES), max_size=60), st.integers(1, 20))
def test_the_window_holds_the_latest(names, window):
    seen = Drift.of(SimpleNamespace(classes=CLASSES), {"prediction": list(CLASSES), "unknown": [False] * 3}, window)
    for name in names:
        seen.observe([name], [name == "food"])
    latest, figures = names[-window:], seen.figures()
    assert figures.items == len(latest)
    for name in CLASSES if latest else ():
        assert figures.shares[name][0] == pytest.approx(latest.count(name) / len(latest))
    assert (figures.unknown or 0) == pytest.approx(latest.count("food") / max(len(latest), 1))
