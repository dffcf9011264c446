"""SetFit's turn: fine-tune the encoder on contrasted pairs, fit the head, answer. Run by referee.py.

Called with the folder of a task and a setting: `defaults`, the package's own; `20 pairs a label`, as in its paper;
`differentiable head`, the defaults with the head in torch. Where training would take more than the task's CPU seconds
it is shortened beforehand, learning-rate schedule and all; loading, the measured pace and the answers come on top.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import datasets
import setfit
from turn import PROBE, Clock, affordable, read_task, write_answers

BATCH = 16


def main(folder: Path, setting: str) -> None:
    """Read the task, measure the pace, train, answer."""
    task, clock = read_task(folder), Clock()
    asked = trainer(task, setting)
    full = math.ceil(len(asked.get_dataset(task["texts"], task["codes"], args=asked.args)[0]) / BATCH)
    probe = trainer(task, setting, max_steps=min(PROBE, full))
    probe.add_callback(clock)
    probe.train_embeddings(task["texts"], task["codes"])
    steps = affordable(full, clock.pace(), task["cpu_seconds"])
    ready = asked if steps == full else trainer(task, setting, max_steps=steps)
    ready.train()
    write_answers(folder, ready.model.predict(task["test"], batch_size=64), steps, full)


def trainer(task: dict[str, Any], setting: str, **more: Any) -> Any:
    """A trainer of a fresh copy of the encoder."""
    head: dict[str, Any] = {}
    if setting == "differentiable head":
        head = {"use_differentiable_head": True, "head_params": {"out_features": len(task["names"])}}
    if setting == "20 pairs a label":
        more["num_iterations"] = 20
    arguments = setfit.TrainingArguments(
        output_dir=tempfile.gettempdir(),
        batch_size=BATCH,
        report_to="none",
        save_strategy="no",
        show_progress_bar=False,
        seed=task["seed"],
        **more,
    )
    model = setfit.SetFitModel.from_pretrained(task["weights"], **head)
    rows = datasets.Dataset.from_dict({"text": task["texts"], "label": task["codes"]})
    return setfit.Trainer(model=model, args=arguments, train_dataset=rows)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
