"""What the report says of rung 5: its rows of the ladder, what it brought, and what it moved."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from modicum.evaluation.stats import Difference
from modicum.workspace.decision import entry_of, ladder_rows
from modicum.workspace.ladder.bank import TUNED, Bank
from modicum.workspace.ladder.climb import Trial
from modicum.workspace.ladder.recipes import Recipe
from modicum.workspace.making import Made
from modicum.workspace.tuning.attempt import Attempt
from modicum.workspace.tuning.rung import gain_elsewhere

NOT_TRIED = Recipe("tuned weights", 5, ())


def whole_ladder(made: Made, tests: dict[str, float]) -> list[dict[str, Any]]:
    """One entry per recipe, on frozen vectors first and on tuned ones last, whichever of them is shipped."""
    own, attempt = ladder_rows(made.climbed, made.choice, made.problem.y, tests), made.attempt
    if attempt is None:
        return own
    if attempt.other is None:
        skipped = entry_of(Trial(NOT_TRIED, attempt.reason, seconds=attempt.seconds))
        return [*own, skipped | dict.fromkeys(own[0].keys() - skipped.keys()) | {"weight": 0.0, "chosen": False}]
    behind = (attempt.expected or 0.0) * (1 if attempt.shipped else -1)
    rest = [
        entry | {"chosen": False, "weight": 0.0, "expected_loss": (entry["expected_loss"] or 0.0) + behind}
        for entry in ladder_rows(*attempt.other, made.problem.y, tests)
    ]
    return [*rest, *own] if attempt.shipped else [*own, *rest]


def tuning_facts(made: Made, bank: Bank) -> dict[str, Any] | None:
    """What tuning brought here, or else what it brought on other tables; None where nothing is known."""
    attempt = made.attempt
    elsewhere = _elsewhere(made, bank)
    if attempt is None or not attempt.tried:
        if elsewhere is None:
            return None
        why = f" ({attempt.reason})" if attempt is not None and attempt.reason else ""
        elsewhere["said"] = f"Tuning the encoder's weights was not tried{why}. {elsewhere['said']}"
        return elsewhere
    facts = {
        "gain": attempt.expected,
        "measured": attempt.lead and attempt.lead.difference,
        "se": attempt.lead and attempt.lead.standard_error,
        "folds": attempt.folds,
        "seconds": attempt.seconds,
        "shipped": attempt.shipped,
        "said": _said(attempt),
        "elsewhere": elsewhere,
    }
    return facts | ({} if attempt.tuning is None else asdict(attempt.tuning) | {"seconds": attempt.seconds})


def _said(attempt: Attempt) -> str:
    lead, expected = attempt.lead, attempt.expected
    if lead is None or expected is None:
        return ""
    told = (
        f"Tuned weights were right {_points(lead.difference)} points more often than the best on frozen vectors "
        f"(on the held-out rows of {attempt.folds} folds: {_sureness(lead)}); with what other tables tell, "
        f"{_points(expected)} are expected. "
    )
    if not attempt.shipped:
        return f"{told}That does not pay for an encoder of its own: frozen vectors are shipped."
    tuning = attempt.tuning
    if tuning is None:
        return f"{told}They are shipped."
    told += f"They are shipped: {tuning.parameters:,} numbers moved in {tuning.steps:,} steps"
    told += f", by {tuning.method}." if tuning.method != "full" else "."
    why = tuning.stopping.said if tuning.stopping else ""
    return " ".join([told, *([why] if why else []), *(f"{note[0].upper()}{note[1:]}." for note in tuning.notes)])


def _sureness(lead: Difference) -> str:
    """The interval of a difference of accuracies; few folds leave one that no difference could fill."""
    low, high = lead.interval()
    return f"{_points(low)} to {_points(high)}" if low >= -1 and high <= 1 else "too few to say how sure that is"


def _elsewhere(made: Made, bank: Bank) -> dict[str, Any] | None:
    """What tuning brought on other tables, and may bring here; None where that is not known."""
    known, gains = gain_elsewhere(bank, made.problem), [-lead for lead in bank.leads(TUNED)]
    if known is None:
        return None
    mean, sd = known.mean, known.sd
    verdict = "nobody can tell beforehand whether it pays"
    if abs(mean) > sd:
        verdict = "it is worth a try" if mean > 0 else "it does not pay"
    said = (
        f"On {len(gains)} other tables it changed accuracy by {_points(min(gains), 0)} to {_points(max(gains), 0)} "
        f"points; here {_points(mean, 0)} ± {100 * sd:.0f} are to be expected: {verdict}."
    )
    return {"gain": mean, "sd": sd, "tables": len(gains), "said": said}


def _points(share: float, digits: int = 1) -> str:
    return f"{100 * share:+.{digits}f}".replace("-", "−")
