"""Reports of made-up fits, with hostile strings in every place that a user's text can reach."""

from __future__ import annotations

import numpy as np

HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(2)" x="',
    "</title></style></script><img src=x onerror=alert(3)>",
    "{{ 7 * 7 }} {% raw %} & &amp; <!-- ]]>",
    "line\u2028and\u2029paragraph \u202eturned\u202c \x00\x0b\ud800 end",
    "javascript:alert(4)//http://example.invalid/a.png",
)
SUBJECTS = ("card", "transfer", "refund", "account", "balance", "payment", "login", "address", "limit", "statement")
ACTIONS = ("lost", "late", "declined", "wrong", "missing", "blocked", "pending", "charged", "changed", "unknown")
RECIPES = (
    ("names", 0, ["heads.NameSimilarity"]),
    ("class means", 1, ["heads.ClassMean"]),
    ("linear", 1, ["heads.Linear"]),
    ("names + shots", 1, ["heads.NamesAndShots"]),
    ("gaussian", 1, ["heads.GaussianDiscriminant"]),
    ("self-training", 2, ["labels.BalancedSelfTraining"]),
    ("smoothed, names + shots", 3, ["vectors.NeighbourSmoothing", "heads.NamesAndShots"]),
    ("smoothed, self-training", 3, ["vectors.NeighbourSmoothing", "labels.BalancedSelfTraining"]),
)


def class_names(classes):
    """Class names that are readable, with three hostile ones where there are enough."""
    if classes == 2:
        return ["objective", "subjective <b>"]
    names = [f"{s}_{a}" for a in ACTIONS for s in SUBJECTS]
    names = [names[i % len(names)] + (f"_{i // len(names)}" if i >= len(names) else "") for i in range(classes)]
    odd = {1: HOSTILE[0], 3: HOSTILE[1], 5: "a class whose name goes on and on " * 5}
    return [odd.get(i, name) for i, name in enumerate(names)]


def sample(classes=21, seed=0, points=600):
    """A whole report with `classes` classes."""
    rng = np.random.default_rng(seed)
    names = class_names(classes)
    labelled = rng.integers(0, 12, classes)
    labelled[0] = 9
    n, rows = int(labelled.sum()), int(labelled.sum()) + 5_000
    report = {
        "schema": 1,
        "created": "2026-03-01T10:22:33.123456+00:00",
        "modicum": "0.1.0",
        "decision": "A pool of three unlike recipes was shipped, because it is expected to be right more often than "
        "the cheapest single recipe by 1.6 points, which is more than the tolerance of 0.5 points.",
        "data": {
            "source": "tickets & <co>.csv",
            "rows": rows,
            "labelled": n,
            "classes": classes,
            "class_counts": dict(zip(names, labelled.tolist(), strict=True)),
            "duplicates": 37,
            "conflicts": ["17", "2048", HOSTILE[0]],
        },
        "encoder": {
            "name": "all-MiniLM-L6-v2",
            "fingerprint": "53aa51172d142c89" * 4,
            "dimension": 384,
            "mode": "fast",
            "agreement": {"speedup": 3.21, "cosine_mean": 0.9974, "cosine_min": 0.981},
        },
        "summary": [
            f"With the {n} labels at hand, about 85 of 100 texts are sorted rightly.",
            "Two hundred more labels would bring between one and three of 100 more.",
            HOSTILE[0],
        ],
        "learning_curve": curve(n),
        "ladder": ladder(rng, n),
        "chosen": {
            "name": "pool",
            "members": [{"recipe": r, "weight": w} for r, w in SHARES.items()],
            "why": "It loses 0.0 points against the best candidate in expectation; the cheapest one loses 1.6.",
        },
        "test": {
            "rows": 2_000,
            "accuracy": 0.8415,
            "macro_f1": 0.8277,
            "baseline": "linear",
            "baseline_accuracy": 0.8039,
            "coverage": 0.9071,
            "mean_size": 1.62,
        },
    }
    return report | by_class(rng, names, labelled) | trust(rng, classes) | items(rng, names, points) | repeated(names)


SHARES = {"names + shots": 0.412, "smoothed, names + shots": 0.247, "smoothed, self-training": 0.341}


def curve(n):
    """What was measured with up to `n` labels, and what more should bring."""
    return {
        "points": [{"labels": n * k // 4, "accuracy": 0.62 + 0.07 * k**0.6, "se": 0.02 / k**0.5} for k in (1, 2, 3, 4)],
        "forecast": [
            {"labels": n + 50 * k, "accuracy": 0.78 + 0.01 * k, "low": 0.775 + 0.005 * k, "high": 0.785 + 0.014 * k}
            for k in (1, 2, 4, 8)
        ],
        "level": 0.8,
        "said": "200 more labels: +1.5 to +3 points",
        "note": "A power law, fitted to the measured points.",
    }


def repeated(names, groups=12):
    """Groups of like texts under different labels, and words that give a class away."""
    k = len(names)
    texts = [*HOSTILE, "I cannot log in", "what is, and which"]
    conflicts = [
        {
            "ids": [f"g{g}", f"h{g}"],
            "texts": [texts[g % len(texts)], texts[g % len(texts)] + "!"],
            "labels": [names[g % k], names[(g + 1) % k]],
        }
        for g in range(groups)
    ]
    shortcuts = [
        {"feature": "word “refund”", "class": names[0], "rows": 41, "share": 0.976},
        {"feature": HOSTILE[0], "class": names[1], "rows": 17, "share": 0.94},
    ]
    return {"conflicts": conflicts, "shortcuts": shortcuts}


def ladder(rng, n):
    """Entries of the recipes, one of them skipped, and of their pool."""
    entries = []
    for i, (name, rung, steps) in enumerate(RECIPES):
        accuracy = float(np.clip(0.7 + 0.02 * i + 0.02 * rng.normal(), 0, 1))
        entries.append(_entry(name, rung, steps, accuracy, n, float(0.02 * 2.1**i * rng.uniform(0.8, 1.2))))
    skipped = _entry("low-rank adapter", 5, ["weights.LowRank"], None, n, 0.0)
    skipped |= {"status": "skipped", "reason": "one fold would take 340 s of the 60 s that are left"}
    pool = _entry("pool", 3, [], 0.853, n, 6.4) | {"chosen": True, "weight": 1.0}
    return [*entries, pool, skipped]


def _entry(name, rung, steps, accuracy, n, seconds):
    known = accuracy is not None
    return {
        "name": name,
        "steps": steps,
        "rung": rung,
        "status": "tried",
        "reason": None,
        "cv_accuracy": accuracy,
        "cv_se": float(np.sqrt(accuracy * (1 - accuracy) / max(n, 1))) if known else None,
        "cv_log_loss": 1.9 - 1.4 * accuracy if known else None,
        "cv_macro_f1": accuracy - 0.013 if known else None,
        "seconds": seconds,
        "parameters_moved": 29_645 * (rung > 0),
        "seconds_per_1000_items": 0.0004 * (1 + rung),
        "megabytes": 0.032 + 1.5 * rung if known else None,
        "weight": SHARES.get(name, 0.0),
        "chosen": False,
        "test_accuracy": accuracy - 0.008 if known else None,
    }


def by_class(rng, names, labelled):
    """Results by class, confusions and shift."""
    k = len(names)
    per_class = []
    for name, count in zip(names, labelled.tolist(), strict=True):
        p, r = rng.beta(8, 2, 2).tolist() if count else (None, None)
        f1 = 2 * p * r / (p + r) if count else None
        predicted = int(rng.integers(0, 90))
        row = {"name": name, "labelled": count, "predicted": predicted, "precision": p, "recall": r, "f1": f1}
        per_class.append(row)
    pairs = [(i, j) for i in range(min(k, 6)) for j in range(min(k, 6)) if i != j][:15]
    confusions = [
        {"truth": names[i], "predicted": names[j], "count": 16 - c, "share": 0.31 - 0.02 * c}
        for c, (i, j) in enumerate(pairs)
    ]
    before, after = rng.dirichlet(np.full(k, 4.0)), rng.dirichlet(np.full(k, 4.0))
    shift = {
        "method": "EM on calibrated probabilities",
        "labelled": dict(zip(names, before.tolist(), strict=True)),
        "estimated": dict(zip(names, after.tolist(), strict=True)),
        "l1": float(np.abs(before - after).sum()),
    }
    return {"per_class": per_class, "confusions": confusions, "shift": shift}


def trust(rng, classes):
    """Calibration and conformal sets."""

    def bins(slope):
        middles = np.linspace(0.25, 0.97, 9)
        right = np.clip(0.9 - slope * (0.97 - middles) + 0.03 * rng.normal(size=9), 0, 1)
        return [
            {"confidence": float(m), "accuracy": float(r), "count": int(c)}
            for m, r, c in zip(middles, right, rng.integers(3, 90, 9), strict=True)
        ]

    sizes = {str(s + 1): int(900 * 0.5**s) + 1 for s in range(min(classes, 14))}
    return {
        "calibration": {
            "temperature": 1.713,
            "ece": {"before": 0.1234, "after": 0.0345},
            "reliability": {"before": bins(0.6), "after": bins(1.0)},
        },
        "conformal": {
            "alpha": 0.1,
            "method": "regularised adaptive sets",
            "coverage": 0.9123,
            "mean_size": 1.87,
            "sizes": sizes,
            "guarantee": "For a new row like the labelled ones, the set holds the true class with probability at least "
            "90 %, whatever the model.",
            "calibrated_on": 231,
        },
        "timings": {"read": 0.041, "encode": 73.2, "ladder": 21.7, "calibrate": 0.64, "report": 0.0009},
    }


def items(rng, names, points):
    """Label errors, next items and the map."""
    k = len(names)
    texts = ["I lost my card on the way home and need a new one before Friday, please", *HOSTILE, "long " * 250_000]
    errors = [
        {
            "id": f"e{i}",
            "text": texts[i % len(texts)],
            "label": names[i % k],
            "suggested": names[(i + 1) % k],
            "score": 0.001 + 0.03 * i,
        }
        for i in range(9)
    ]
    following = [
        {
            "id": f"n{i}",
            "text": texts[i % len(texts)],
            "prediction": names[i % k],
            "probability": 0.35 + 0.01 * i,
            "reason": "unsure, and far from other labelled rows",
        }
        for i in range(10)
    ]
    centres = rng.normal(size=(k, 2)) * (4 + np.sqrt(k))
    codes = rng.integers(0, k, points)
    places = centres[codes] + rng.normal(size=(points, 2))
    told = [
        {
            "x": float(x),
            "y": float(y),
            "class": int(c),
            "labelled": bool(i % 6 == 0),
            "id": f"m{i}",
            "text": texts[i % len(texts)],
        }
        for i, ((x, y), c) in enumerate(zip(places, codes, strict=True))
    ]
    return {
        "label_errors": errors,
        "next_to_label": following,
        "map": {"method": "PCA", "classes": names, "points": told},
    }
