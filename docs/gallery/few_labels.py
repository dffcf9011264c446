"""A table with a few labels becomes a model that answers, and says how good it is."""

import random
import tempfile

import modicum

THEMES = {
    "weather": "rain snow wind sun cloud storm frost heat",
    "kitchen": "bread cheese soup oven salt butter onion pan",
    "sport": "goal race team coach match ball score league",
}
draw = random.Random(0)
noise = " ".join(THEMES.values()).split()
texts, labels = [], []
for theme, words in THEMES.items():
    for n in range(40):
        texts.append(" ".join(draw.sample(words.split(), 2) + draw.sample(noise, 2)))
        labels.append(theme if n < 8 else None)

table = modicum.read({"text": texts, "theme": labels}, text="text", label="theme")
# The hashed encoder needs no weights; leave the argument out for the default one.
result = modicum.fit(table, encoder="hashed", budget="10s", map_points=0)
print("\n".join(result.report["summary"]))
for entry in result.ladder:
    if entry["cv_accuracy"] is not None:
        print(f"{entry['name']:>24} {entry['cv_accuracy']:.2f}{' <- shipped' if entry['chosen'] else ''}")

with tempfile.TemporaryDirectory() as folder:
    bundle = modicum.load(result.save(f"{folder}/themes"))
    answers = bundle.predict(["snow and storm", "cheese in the pan"])
    for code, proba, sets in zip(answers.codes, answers.probabilities, answers.sets, strict=True):
        print(bundle.classes[code], proba.round(2), [bundle.classes[k] for k in sets.nonzero()[0]])
