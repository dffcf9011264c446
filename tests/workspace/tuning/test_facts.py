"""What is said of tuned weights is what was measured, and no surer than that."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from modicum.evaluation.stats import Difference
from modicum.workspace.ladder.bank import load_bank
from modicum.workspace.tuning.attempt import Attempt
from modicum.workspace.tuning.facts import tuning_facts


@pytest.mark.parametrize(
    ("error", "freedom", "sure"),
    [(0.05, 4, "5 folds: −3.9 to +23.9)"), (0.2, 1, "2 folds: too few to say how sure that is)")],
)
def test_an_interval_that_no_difference_could_fill_is_not_told(error, freedom, sure):
    lead = Difference(0.1, error, freedom, rows=20)
    problem = SimpleNamespace(space=range(6), y=np.arange(96) % 6)
    made = SimpleNamespace(attempt=Attempt(folds=freedom + 1, lead=lead, expected=0.08), problem=problem)
    said = tuning_facts(made, load_bank())["said"]
    assert f"right +10.0 points more often than the best on frozen vectors (on the held-out rows of {sure}" in said
    assert "; with what other tables tell, +8.0 are expected." in said
