"""No labels and no classes: topics, a class file made of them, a hundred labels, and a model that is judged."""

import random
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import yaml

import modicum
from modicum.data.read import builtin
from modicum.workspace import TopicSettings, save_topics, topics_of
from modicum.workspace.loop import Reply, Teacher, open_session

CHAPTERS = ("numbers and mathematics", "multimedia and interface", "internet data", "language services", "networking")
EACH, LABELS, BATCH = 120, 100, 20
draw = random.Random(0)

# Docstrings of Python's own library. What they are about is known here, so that the outcome can be judged, and the
# person who labels can be played; nothing else looks at it.
table, _ = builtin("stdlib-docs")
chapters = [told or kept for told, kept in zip(table.labels, table.hidden, strict=True)]
rows = [n for one in CHAPTERS for n in draw.sample([n for n, c in enumerate(chapters) if c == one], EACH)]
draw.shuffle(rows)
texts, truth = [table.texts[n] for n in rows], [chapters[n] for n in rows]
unlabelled = modicum.read(texts)
vectors = modicum.encode(texts)

with tempfile.TemporaryDirectory() as folder:
    # 1. What is it about? Twelve topics, named by their phrases; the folder has a page, too.
    found = topics_of(unlabelled, vectors=vectors, settings=TopicSettings(topics=12))
    save_topics(found, Path(folder) / "about")
    print("topics:", ", ".join(topic.name for topic in found.state.topics))

    # 2. A person reads them and makes classes of topics that belong together. The names of topics describe the class.
    kinds = [Counter(truth[n] for n in np.flatnonzero(found.codes == k)).most_common(1)[0][0] for k in range(12)]
    classes = [
        {
            "name": one,
            "description": "; ".join(t.name for t, kind in zip(found.state.topics, kinds, strict=True) if kind == one),
        }
        for one in CHAPTERS
    ]
    file = Path(folder) / "classes.yaml"
    file.write_text(yaml.safe_dump([{k: v for k, v in one.items() if v} for one in classes]), encoding="utf-8")
    space = modicum.data.read_classes(file)
    print("classes:", ", ".join(space.names))

    # 3. A hundred labels, as the labelling page asks for them: the rows that teach most, and every fifth by chance.
    session = open_session(unlabelled, space, Path(folder) / "labels.jsonl").session
    teacher, labels = Teacher(session), {}
    for number in range(LABELS):
        if number % BATCH == 0:
            teacher.refit()
        row, how = session.ask("ana", "tab")
        session.answer("ana", Reply("label", (row,), (session.number_of(truth[row]),), how=how))
        labels[row] = truth[row]
    session.journal.close()

# 4. The model, and how it does on the rows that were never labelled.
rest = [n for n in range(len(texts)) if n not in labels]


def accuracy(known: dict[int, str]) -> float:
    """Share of the rows that were never labelled that a model with these labels gets right."""
    columns = {"text": texts, "class": [known.get(n) for n in range(len(texts))]}
    few = modicum.read(columns, text="text", label="class")
    result = modicum.fit(few, classes=space, budget="5s", map_points=0)
    answers = result.predict([texts[n] for n in rest])
    return float(
        np.mean([result.bundle.classes[code] == truth[n] for code, n in zip(answers.codes, rest, strict=True)])
    )


print(f"accuracy with names and descriptions alone: {accuracy({}):.0%}")
print(f"accuracy with {LABELS} labels: {accuracy(labels):.0%}")
