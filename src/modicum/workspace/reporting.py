"""The report's content, gathered in one place from the findings."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from modicum.core.records import Table
from modicum.core.texts import counted
from modicum.evaluation import metrics
from modicum.workspace import findings
from modicum.workspace.budget import parse_budget
from modicum.workspace.cascade import FittedCascade
from modicum.workspace.decision import decision, grounds, hindrance, unmeasured
from modicum.workspace.ladder.bank import Guess
from modicum.workspace.ladder.climb import Climb
from modicum.workspace.ladder.curve import LEVEL, curve_facts
from modicum.workspace.ladder.held_out import cross_fitted
from modicum.workspace.ladder.recipes import BASELINE, FeatureBank, fit_recipe
from modicum.workspace.making import Made
from modicum.workspace.mapped import map_facts
from modicum.workspace.model import Predictions
from modicum.workspace.preparing import Prepared
from modicum.workspace.same_texts import copies_kept_back, flattered
from modicum.workspace.settings import Settings
from modicum.workspace.summary import summary
from modicum.workspace.tuning.facts import tuning_facts, whole_ladder
from modicum.workspace.unknown import unknown_facts

Floats = NDArray[np.floating]
SCHEMA = 1
NOTABLE_SHIFT = 0.2
"""Summed difference of class shares from which on the accuracy under the estimated shares is told, too."""
SHIPPED = "shipped model"
NOTHING: Mapping[str, Any] = MappingProxyType(
    {"per_class": [], "confusions": [], "label_errors": None, "calibration": None, "conformal": None}
)
"""What held-out rows tell where there are none to tell."""


@dataclass(frozen=True, eq=False)
class Facts:
    """Everything a report is made from."""

    table: Table
    made: Made
    answers: Predictions
    prepared: Prepared
    settings: Settings
    cascade: FittedCascade | None = None

    @cached_property
    def tests(self) -> dict[str, float]:
        """Accuracy on hidden labels, by recipe."""
        return _test_accuracies(self)

    @cached_property
    def frozen(self) -> tuple[Climb, FeatureBank]:
        """The climb on frozen vectors, and these vectors, whether they are shipped or not."""
        made, given = self.made, self.prepared.problem
        if made.attempt is None or not made.attempt.shipped or made.attempt.other is None:
            return made.climbed, made.bank
        problem = replace(made.problem, X=given.X, class_vectors=given.class_vectors)
        return made.attempt.other[0], FeatureBank(problem)


def _test_accuracies(facts: Facts) -> dict[str, float]:
    """Accuracy on the hidden labels of what is shipped and of the baseline; empty where no label is hidden."""
    made = facts.made
    if facts.table.hidden is None:
        return {}
    codes, hidden = made.problem.space.encode(facts.table.hidden)
    rows = np.flatnonzero(hidden)
    out = {SHIPPED: float((facts.answers.codes[rows] == codes[rows]).mean())}
    if made.choice is None:
        return out
    climbed, bank = facts.frozen
    for trial in climbed.tried:
        if trial.recipe.name == BASELINE:
            scores = fit_recipe(trial.recipe, bank).scores(bank.problem.X[rows])
            out[BASELINE] = float((scores.argmax(axis=1) == codes[rows]).mean())
    out[made.choice.shipped.name] = out[SHIPPED]
    return out


def write_report(facts: Facts) -> dict[str, Any]:
    """The content of report.json, but for the timings."""
    table, made, problem = facts.table, facts.made, facts.made.problem
    prepared, settings = facts.prepared, facts.settings
    rng = np.random.default_rng(settings.seed)
    ladder = whole_ladder(made, facts.tests)
    measured, test = _measured(facts), _test(facts)
    clashes, groups = findings.conflicting(table, prepared.same)
    shift = findings.shift_facts(made.shift, problem.space, made.model.factors is not None)
    elsewhere = None
    if shift is not None:
        shift["expected_accuracy"] = _elsewhere(facts, shift["estimated"])
        elsewhere = shift["expected_accuracy"] if shift["l1"] > NOTABLE_SHIFT else None
    report = {
        "schema": SCHEMA,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "modicum": version("modicum"),
        "decision": _decision(facts, ladder),
        "grounds": [*_grounds(facts, ladder, elsewhere), *_flattered(test)],
        "data": findings.data_facts(table, problem.space, prepared.same),
        "conflicts": clashes,
        "shortcuts": findings.found_shortcuts(table, problem),
        "encoder": asdict(prepared.encoder) | {"agreement": prepared.agreement and asdict(prepared.agreement)},
        "cascade": _cascade(facts),
        "ladder": ladder,
        "chosen": _chosen(facts),
        "test": test,
        **measured,
        "totals": {
            "label_errors": None if measured["label_errors"] is None else _suspects(made),
            "conflicts": groups,
        },
        "repaired": made.mended,
        "expected": _expected(made.guess),
        "learning_curve": _curve(made),
        "tuning": tuning_facts(made, settings.bank),
        "shift": shift,
        "unknown": _unknown(facts),
        "next_to_label": findings.next_to_label(problem, facts.answers, table, rng),
        "map": _map(facts, rng, settings.map_points),
    }
    return report | {"summary": summary(report)}


def _decision(facts: Facts, ladder: Sequence[dict[str, Any]]) -> str:
    labelled = int(facts.table.labelled.sum())
    if facts.made.choice is None:
        return unmeasured(labelled, len(facts.made.model.members))
    return decision(facts.made.choice, ladder, labelled, hindrance(facts.made.problem))


def _grounds(facts: Facts, ladder: Sequence[dict[str, Any]], elsewhere: float | None) -> list[str]:
    said = []
    if facts.made.choice is not None:
        budget, corrected = parse_budget(facts.settings.budget), facts.made.model.factors is not None
        said = grounds(facts.made.choice, ladder, budget, elsewhere, corrected=corrected)
    if facts.made.mended:
        wrong = counted(_suspects(facts.made), "label is", "labels are")
        said.append(
            f"{wrong} probably wrong, so many that the model learnt from corrected ones; the table is as it was, and "
            "every figure is told by the labels as given."
        )
    expected = _expected(facts.made.guess)
    if expected is not None:
        said.append(
            f"About {100 * expected['accuracy']:.0f} % of the answers should be right (between "
            f"{100 * expected['low']:.0f} and {100 * expected['high']:.0f} %): so it was on other tables where recipes "
            "agreed on the unlabelled rows as much as here. Probabilities are scaled to that."
        )
    unknown = _unknown(facts)
    if unknown is not None:
        said.append(unknown["guarantee"])
        if unknown["rows"]:
            said.append(f"{unknown['marked']:,} of the {unknown['rows']:,} unlabelled rows are marked.")
    found = _cascade(facts)
    if found is not None:
        said.append(
            f"Static vectors answer {100 * found['share']:.0f} % of the texts by themselves, at an expected loss of "
            f"{100 * found['expected_loss']:.1f} points; encoding is {found['speedup']:.1f} times as fast by that."
        )
        if found["conformal"] is not None:
            said.append(
                "The cascade's prediction sets are calibrated on what it sends out: on held-out rows "
                f"{100 * found['conformal']['coverage']:.1f} % hold the true class, with "
                f"{found['conformal']['mean_size']:.1f} classes on average."
            )
    return said


def _suspects(made: Made) -> int:
    """How many labels look wrong, be they listed or not."""
    return 0 if made.doubted is None else len(made.doubted.judged.suspects)


def _unknown(facts: Facts) -> dict[str, Any] | None:
    """What is known of rows of none of the classes; None where that was not asked for."""
    rate = facts.settings.unknown
    if rate is None:
        return None
    return unknown_facts(facts.made.model.unknown, rate, facts.answers.unknown[facts.made.problem.unlabelled_rows])


def _cascade(facts: Facts) -> dict[str, Any] | None:
    """What the cascade saves and costs; its test accuracy is that of answers held out from the student."""
    fitted, agreement = facts.cascade, facts.prepared.agreement
    if fitted is None or agreement is None:
        return None
    cascade = fitted.cascade
    out: dict[str, Any] = {
        "share": cascade.share,
        "threshold": cascade.threshold,
        "expected_loss": cascade.expected_loss,
        "speedup": 1 / (1 - cascade.share + 1 / agreement.speedup),
        "conformal": None,
        "test_accuracy": None,
        "test_coverage": None,
    }
    sender = replace(facts.made.model, conformal=cascade.conformal)
    if cascade.conformal is not None and fitted.sent is not None and fitted.codes is not None:
        answered = sender.answer(fitted.sent)
        out["conformal"] = findings.conformal_facts(fitted.codes, np.asarray(answered.sets), cascade.conformal)
    if facts.table.hidden is not None:
        codes, hidden = facts.made.problem.space.encode(facts.table.hidden)
        rows = np.flatnonzero(hidden[fitted.rows])
        exact = facts.answers.probabilities[fitted.rows[rows]]
        answered, truth = sender.answer(cascade.mixed(fitted.proba[rows], exact)), codes[fitted.rows[rows]]
        out["test_accuracy"] = float((answered.codes == truth).mean())
        if answered.sets is not None:
            out["test_coverage"] = metrics.set_metrics(answered.sets, truth).coverage
    return out


def _expected(guess: Guess | None) -> dict[str, float] | None:
    """Accuracy that the unlabelled rows let expect where no held-out row can tell, four in five times within bounds."""
    if guess is None:
        return None
    reach = float(norm.ppf(0.5 + LEVEL / 2)) * guess.sd
    low, high = max(guess.mean - reach, 0.0), min(guess.mean + reach, 1.0)
    return {"accuracy": guess.mean, "low": low, "high": high, "level": LEVEL}


def _curve(made: Made) -> dict[str, Any] | None:
    if made.curve is None or made.choice is None:
        return None
    return curve_facts(made.curve, made.choice.shipped, made.climbed, made.problem.y)


def _chosen(facts: Facts) -> dict[str, Any]:
    members = [
        {"recipe": member.recipe.name, "weight": float(weight)}
        for member, weight in zip(facts.made.model.members, facts.made.model.weights, strict=True)
    ]
    name = facts.made.choice.shipped.name if facts.made.choice else "names"
    loss = facts.made.choice.expected_loss.get(name) if facts.made.choice else None
    return {"name": name, "members": members, "decode": facts.made.model.decode, "expected_loss": loss}


def _test(facts: Facts) -> dict[str, Any] | None:
    if facts.table.hidden is None:
        return None
    codes, hidden = facts.made.problem.space.encode(facts.table.hidden)
    answers, rows = facts.answers, np.flatnonzero(hidden)
    copies = copies_kept_back(facts.table, facts.prepared.same)
    apart = np.setdiff1d(rows, copies)
    out = {
        "rows": len(rows),
        "accuracy": facts.tests[SHIPPED],
        "macro_f1": float(metrics.macro_f1(codes[rows], answers.codes[rows])),
        "baseline": "logistic regression on the same vectors",
        "baseline_accuracy": facts.tests.get(BASELINE),
        "coverage": None,
        "mean_size": None,
        "copies": [facts.table.ids[row] for row in copies],
        "accuracy_without_copies": float((answers.codes[apart] == codes[apart]).mean()) if len(apart) else None,
    }
    if answers.sets is not None:
        sets = metrics.set_metrics(answers.sets[rows], codes[rows])
        out |= {"coverage": sets.coverage, "mean_size": sets.mean_size}
    return out


def _flattered(test: dict[str, Any] | None) -> list[str]:
    return flattered(test["copies"], test["rows"], test["accuracy_without_copies"]) if test else []


def _measured(facts: Facts) -> dict[str, Any]:
    """What only held-out rows can tell; nothing of it without labels."""
    found, problem, rule = facts.made.found, facts.made.problem, facts.made.model.conformal
    if found is None or rule is None:
        return dict(NOTHING)
    proba = cross_fitted(found, facts.made.climbed.folds[0, found.rows])
    predicted = facts.made.model.decide(found.after)
    sets = np.asarray(facts.made.model.answer(facts.made.model.corrected(found.after)).sets)
    if not facts.made.climbed.measurable:
        return {**NOTHING, "conformal": findings.conformal_facts(found.codes, sets, rule)}
    return {
        "per_class": findings.class_results(found, predicted, problem.space),
        "confusions": findings.confusions(found, predicted, problem.space),
        "calibration": findings.calibration(found, proba),
        "conformal": findings.conformal_facts(found.codes, sets, rule),
        "label_errors": findings.label_errors(facts.made.doubted, facts.table, problem.space),
    }


def _elsewhere(facts: Facts, estimated: dict[str, float]) -> float | None:
    """Accuracy to be expected where classes have the estimated shares, of the answers as they are given."""
    found, model = facts.made.found, facts.made.model
    if found is None or not facts.made.climbed.measurable:
        return None
    given = model.decide(model.corrected(found.after))
    return findings.accuracy_under(estimated, findings.class_results(found, given, model.space))


def _map(facts: Facts, rng: np.random.Generator, points: int) -> dict[str, Any] | None:
    """The map of rows, coloured by their label or predicted class."""
    problem = facts.made.problem
    classes = np.where(problem.labelled, problem.codes, facts.answers.codes)
    return map_facts(problem, facts.table, problem.space.names, classes, rng, points)
