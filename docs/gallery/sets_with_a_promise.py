"""Calibrated probabilities and prediction sets for any classifier that gives probabilities."""

import numpy as np
from sklearn.linear_model import LogisticRegression

from modicum.core.arrays import log_probabilities, softmax
from modicum.evaluation.metrics import expected_calibration_error, set_metrics
from modicum.labels.calibration import fit_temperature
from modicum.labels.conformal import split_conformal

rng = np.random.default_rng(0)
centres = rng.normal(size=(8, 20))
y = rng.integers(0, 8, 3000)
X = centres[y] + 2.0 * rng.normal(size=(3000, 20))
learn, calibrate, test = np.split(np.arange(3000), [300, 1300])

model = LogisticRegression(C=100, max_iter=1000).fit(X[learn], y[learn])
scores = log_probabilities(model.predict_proba(X))
temperature = fit_temperature(scores[calibrate], y[calibrate])
proba = softmax(scores / temperature)
for name, told in (("before", softmax(scores)), ("after", proba)):
    print(f"calibration error {name}: {expected_calibration_error(told[test], y[test]):.3f}")

for score in ("lac", "aps", "raps"):
    rule = split_conformal(proba[calibrate], y[calibrate], alpha=0.1, score=score)
    facts = set_metrics(rule.sets(proba[test]), y[test])
    print(f"{score}: coverage {facts.coverage:.3f}, mean size {facts.mean_size:.2f}")
