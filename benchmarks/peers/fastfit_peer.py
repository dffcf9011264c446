"""FastFit's turn: contrast rows and class names token by token, answer. Run by referee.py.

Called with the folder of a task and a setting, of which there is one: `published`, the settings of its front page but
for half precision, which needs a GPU. It asks `datasets` for a metric that would be downloaded and that later versions
no longer have; the metric is given to it here, and the accuracy it tells is not used. Where training would take more
than the task's CPU seconds it is shortened beforehand, learning-rate schedule and all; loading, the measured pace and
the answers come on top.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import datasets
import torch
from turn import PROBE, Clock, affordable, read_task, write_answers

BATCH, EPOCHS, ANSWERED = 32, 40, 64


class Agreement:
    """Stands in for the metric that would be downloaded."""

    def compute(self, predictions: Any, references: Any) -> dict[str, float]:
        """Share of equal codes."""
        return {"accuracy": float((predictions == references).mean())}


datasets.load_metric = lambda *_, **__: Agreement()
from fastfit import FastFitTrainer  # noqa: E402  (it imports `load_metric` by name)


def main(folder: Path, setting: str) -> None:
    """Read the task, measure the pace, train, answer."""
    task, clock = read_task(folder), Clock()
    if setting != "published":
        raise SystemExit(f"FastFit has no setting {setting!r}")
    full = EPOCHS * math.ceil(len(task["texts"]) / BATCH)
    probe = trainer(task, max_steps=min(PROBE, full))
    probe.trainer.add_callback(clock)
    probe.train()
    steps = affordable(full, clock.pace(), task["cpu_seconds"])
    ready = trainer(task, max_steps=steps)
    ready.train()
    write_answers(folder, answers(ready, task), steps, full)


def trainer(task: dict[str, Any], max_steps: int) -> Any:
    """A trainer of a fresh copy of the encoder."""
    names = [task["names"][code] for code in task["codes"]]
    rows = datasets.Dataset.from_dict({"text": task["texts"], "label": names})
    return FastFitTrainer(
        model_name_or_path=task["weights"],
        label_column_name="label",
        text_column_name="text",
        num_train_epochs=EPOCHS,
        max_steps=max_steps,
        per_device_train_batch_size=BATCH,
        per_device_eval_batch_size=ANSWERED,
        max_text_length=128,
        dataloader_drop_last=False,
        num_repeats=4,
        optim="adafactor",
        clf_loss_factor=0.1,
        report_to="none",
        seed=task["seed"],
        output_dir=tempfile.mkdtemp(),
        save_strategy="no",
        # It insists on a test set, reads the classes from all parts together and is not asked what it thinks of them.
        dataset=datasets.DatasetDict(train=rows, validation=rows, test=rows),
    )


def answers(ready: Any, task: dict[str, Any]) -> list[int]:
    """Codes of the test set's classes, by the call that its exported model makes; the export itself does not run."""
    model = ready.model.eval()
    codes: list[int] = []
    for start in range(0, len(task["test"]), ANSWERED):
        texts = task["test"][start : start + ANSWERED]
        cut = {"padding": True, "truncation": True, "max_length": 128}
        batch = ready.tokenizer(texts, return_attention_mask=True, return_tensors="pt", **cut)
        with torch.no_grad():
            told = model.inference_forward(batch["input_ids"], batch["attention_mask"]).argmax(dim=1)
        codes += [task["names"].index(ready.labels[code]) for code in told.tolist()]
    return codes


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
