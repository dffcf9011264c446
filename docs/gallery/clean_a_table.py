"""A table with wrong labels, copies and a leak becomes a clean one; rows that nobody touched tell what that bought."""

import random

import numpy as np

import modicum
from modicum.data.read import builtin
from modicum.heads import Linear

CHAPTERS = ("numbers and mathematics", "multimedia and interface", "internet data", "language services", "networking")
EACH, JUDGED, WRONG, COPIES = 70, 40, 70, 15
draw = random.Random(0)

# Docstrings of Python's own library, and the chapter of its reference that each belongs to.
table, _ = builtin("stdlib-docs")
chapters = [told or kept for told, kept in zip(table.labels, table.hidden, strict=True)]
rows = {chapter: [n for n, one in enumerate(chapters) if one == chapter] for chapter in CHAPTERS}
for found in rows.values():
    draw.shuffle(found)
train = [n for found in rows.values() for n in found[:EACH]]
test = [n for found in rows.values() for n in found[EACH : EACH + JUDGED]]

# What befalls tables: hasty labels, copies that were labelled twice, rows of the test part among those to learn from,
# and a mark that one team leaves behind.
texts = [table.texts[n] for n in train]
true = [chapters[n] for n in train]
labels = list(true)
for n in draw.sample(range(len(train)), WRONG):
    labels[n] = draw.choice([chapter for chapter in CHAPTERS if chapter != true[n]])
for n in draw.sample(range(len(train)), COPIES):
    texts.append(texts[n] + " ")
    labels.append(draw.choice(CHAPTERS))
texts += [table.texts[n] for n in test[:COPIES]]
labels += [chapters[n] for n in test[:COPIES]]
marks = {"networking": "\n(reviewed by netdesk)"}
marked = [text + marks.get(label, "") for text, label in zip(texts, labels, strict=True)]

judged = [table.texts[n] for n in test]
columns = {"text": marked + judged, "chapter": labels + [chapters[n] for n in test]}
columns["part"] = ["train"] * len(marked) + ["test"] * len(judged)
mixed = modicum.read(columns, text="text", label="chapter")
told = modicum.workspace.clean(mixed, split="part").facts
print(f"{told['errors']} probable errors, {told['conflicts']} conflicting rows, {told['duplicates']} copies")
print("copies across train and test:", len(told["copies_across_splits"]))
print("words that give a class away:", [one["word"] for one in told["shortcuts"]])

# The remedies, in order: the mark goes, copies of test rows go, of other copies one stays, without a label where its
# copies disagree; then labels that look wrong are replaced by what is suggested, twice: mended ones help to judge.
known = set(judged)
seen: dict[str, list[str]] = {}
for text, label in zip(texts, labels, strict=True):
    if text not in known:
        seen.setdefault(text.strip(), []).append(label)
clean = {text: said[0] if len(set(said)) == 1 else None for text, said in seen.items()}
for number in ("first", "second"):
    once = modicum.read({"text": list(clean), "chapter": list(clean.values())}, text="text", label="chapter")
    errors = [one for one in modicum.workspace.clean(once).findings if one.kind == "error"]
    clean |= {list(clean)[one.row - 1]: one.suggestion for one in errors}
    print(f"{number} pass: {len(errors)} labels replaced")


def accuracy(texts: list[str], labels: list[str]) -> float:
    """Share of test rows that a plain head gets right."""
    head = Linear().fit(modicum.encode(texts), labels)
    return float(np.mean(head.predict(modicum.encode(judged)) == np.array([chapters[n] for n in test])))


left = {text: label for text, label in clean.items() if label is not None}
print(f"accuracy as the table came: {accuracy(marked, labels):.0%}")
print(f"accuracy once it was clean: {accuracy(list(left), list(left.values())):.0%}")
print(f"accuracy had no label been wrong: {accuracy([table.texts[n] for n in train], true):.0%}")
