"""Two heads on the same splits: is one better, or is it the luck of the draw?"""

import numpy as np

from modicum.evaluation.splits import repeated_stratified
from modicum.evaluation.stats import corrected_difference
from modicum.heads import ClassMean, GaussianDiscriminant, Linear, NamesAndShots

rng = np.random.default_rng(0)
classes, width, shots = 5, 32, 6
centres = rng.normal(size=(classes, width))
names = centres + 0.6 * rng.normal(size=centres.shape)  # class names, embedded: near their class, but not in it
y = np.repeat(np.arange(classes), shots)
X = centres[y] + 1.8 * rng.normal(size=(len(y), width))

REPEATS, FOLDS = 4, 5
splits = repeated_stratified(y, FOLDS, REPEATS, rng)
heads = {"linear": Linear(), "class means": ClassMean(), "gaussian": GaussianDiscriminant(), "fused": NamesAndShots()}
right = {name: np.empty((REPEATS, len(y))) for name in heads}
folds = np.empty((REPEATS, len(y)), dtype=int)
for number, split in enumerate(splits):
    repeat, folds[number // FOLDS, split.test] = number // FOLDS, number % FOLDS
    for name, head in heads.items():
        head.fit(X[split.train], y[split.train], classes=np.arange(classes), class_vectors=names)
        right[name][repeat, split.test] = head.predict(X[split.test]) == y[split.test]

for name in list(heads)[1:]:
    found = corrected_difference(right[name], right["linear"], folds)
    low, high = found.interval()
    verdict = "resolved" if found.resolved() else "not resolved"
    print(f"{name:>12} {right[name].mean():.2f}; against linear {low:+.2f} to {high:+.2f}, {verdict}")
