"""Figures of few labels: each beside the baseline of its own draws, and parts under their own names."""

from __future__ import annotations

import pytest

from modicum.workspace.bench.few_shot import BASELINE, SHIPPED, Cell, _forecasts, _regret, _rows


def cell(**accuracies):
    return Cell({SHIPPED: 0.7, BASELINE: 0.5, **accuracies}, 0.05, 8, None, (0.0, 0.0, 0.0))


def test_a_recipe_that_a_draw_left_out_stands_beside_the_draws_it_was_tried_in():
    first, second = cell(slow=0.9), Cell({SHIPPED: 0.6, BASELINE: 0.3, "late": 0.4}, 0.05, 8, None, (0.0, 0.0, 0.0))
    found = {row.measure: row for row in _rows("trec", 4, [first, second])}
    slow, late, shipped = (found[f"accuracy, {name}"] for name in ("slow", "late", SHIPPED))
    assert (slow.value, slow.baseline, slow.seeds) == (0.9, 0.5, 1)
    assert (late.value, late.baseline, late.seeds) == (0.4, 0.3, 1)
    assert (shipped.value, shipped.baseline, shipped.seeds) == pytest.approx((0.65, 0.4, 2))


def test_a_part_has_its_own_name_where_the_whole_has_one():
    part, whole = {("trec", 4): [cell()]}, {("trec", 4): [cell()], ("mpqa", 4): [cell()]}
    assert {row.on for row in _regret(part)} == {"trec, all numbers of labels"}
    assert {row.on for row in _regret(whole)} == {"trec, mpqa, all numbers of labels"}
    assert _forecasts({(name, shots): [] for name in ("trec",) for shots in (1, 2, 4, 8, 16, 32, 64)}) == []
