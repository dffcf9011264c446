"""Copies that disagree, words that give a class away, and labels that look wrong."""

import numpy as np

from modicum.core.arrays import one_hot
from modicum.data.dedup import conflicts, near_duplicates
from modicum.data.leaks import shortcuts
from modicum.labels.noisy import label_issues

rng = np.random.default_rng(0)
words = [f"word{n}" for n in range(30)]
y = np.arange(120) % 3
texts = [" ".join(rng.choice(words, 8)) + (" ref" if k == 2 else "") for k in y]
texts[7] = texts[3] + "!"  # row 3 is of class 0, row 7 of class 1

groups = near_duplicates(texts)
print("copies with different labels:", conflicts(groups, [str(k) for k in y]))
found = shortcuts(texts, y, 3)
print("words that give the class away:", dict(zip(found.words, found.codes.tolist(), strict=True)))

given = y.copy()
given[[10, 20]] = (given[[10, 20]] + 1) % 3  # two labels are wrong
proba = 0.8 * one_hot(y, 3) + 0.2 / 3  # what a held-out model would say
print("labels that look wrong:", label_issues(proba, given).rows)
