"""A table with 150 labels becomes a service: fitted, judged, asked over HTTP, corrected, and fitted again."""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

import modicum
from modicum.data.read import builtin
from modicum.workspace.loop import Reply, Teacher, export_columns, open_session, views

CHAPTERS = (
    "numbers and mathematics",
    "data types",
    "files and directories",
    "networking",
    "internet data",
    "internet protocols",
    "multimedia and interface",
    "language services",
)
EACH, LABELS, POOL, SENT, ASKED, BATCH = 60, 150, 320, 80, 20, 10
draw = random.Random(0)

# First paragraphs of docstrings of Python's own library. Of 320 rows 150 have their label; 160 more come later. What
# they are is known here, so that answers can be judged, and people who label and correct played; nothing else looks.
table, _ = builtin("stdlib-docs")
chapters = [told or kept for told, kept in zip(table.labels, table.hidden, strict=True)]
rows = [n for one in CHAPTERS for n in draw.sample([n for n, c in enumerate(chapters) if c == one], EACH)]
draw.shuffle(rows)
texts, truth = [table.texts[n].partition("\n\n")[0] for n in rows], [chapters[n] for n in rows]
labels = {n: truth[n] for n in range(LABELS)}


def tabled() -> modicum.core.records.Table:
    """The table of the moment: its 320 rows, and those that came later and have a label."""
    there = sorted({*range(POOL), *labels})
    columns = {"text": [texts[n] for n in there], "chapter": [labels.get(n) for n in there]}
    return modicum.read(columns, text="text", label="chapter")


@contextmanager
def served(*verb: str) -> Iterator[Callable[..., str]]:
    """A verb that serves, in a process of its own, for as long as it is asked: how to ask it."""
    command = [sys.executable, "-m", "modicum", *verb, "--json", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            place = urlsplit(json.loads(process.stdout.readline())["url"]).netloc
            with closing(HTTPConnection(place, timeout=60)) as line:

                def ask(path: str, **body: object) -> str:
                    line.request(
                        "POST" if body else "GET",
                        path,
                        json.dumps(body) if body else None,
                        {"content-type": "application/json"},
                    )
                    return line.getresponse().read().decode()

                yield ask
        finally:
            process.terminate()


# 1. A model, and what its report says.
first = modicum.fit(tabled(), budget="5s", map_points=0)
print("\n".join(first.report["summary"]))

# 2. Answers for rows without a label: a class, its probability, and what cannot be ruled out.
open_ = range(LABELS, len(texts))
answers = first.predict([texts[n] for n in open_])
codes = [first.bundle.classes.index(truth[n]) for n in open_]
print(f"{np.mean(answers.codes == codes):.0%} of {len(open_)} rows without a label are right")
print(f"{answers.sets[range(len(open_)), codes].mean():.0%} of their sets hold the right chapter,", end=" ")
print(f"with {answers.sets.sum(axis=1).mean():.1f} chapters each")

with tempfile.TemporaryDirectory() as place:
    folder = Path(place)

    # 3. The labelling page asks for the rows that teach most, and suggests what they are.
    session = open_session(tabled(), None, folder / "labels.jsonl").session
    teacher, right = Teacher(session), 0
    for number in range(ASKED):
        if number % BATCH == 0:
            teacher.refit()
        row, how = session.ask("ana", "tab")
        chapter = session.number_of(truth[row])
        right += views.suggested(session, row)[0][0][0] == chapter
        session.answer("ana", Reply("label", (row,), (chapter,), how=how))
        labels[row] = truth[row]
    session.journal.close()
    print(f"the page's first suggestion was right for {right} of the {ASKED} rows that it asked for")

    # 4. The bundle answers over HTTP; somebody who knows better corrects what is wrong.
    bundle, fixes = first.save(folder / "chapters"), folder / "fixes.labels.jsonl"
    with served("serve", str(bundle), "--feedback", str(fixes)) as ask:
        sent = range(POOL, POOL + SENT)
        told = {n: json.loads(ask("/v1/predict", items=[texts[n]], top=3))["answers"][0] for n in sent}
        print(texts[POOL].partition("\n")[0], json.dumps(told[POOL], indent=1))
        wrong = [n for n, one in told.items() if one["prediction"] != truth[n]]
        for n in wrong:
            ask("/v1/feedback", text=texts[n], label=truth[n], who="bea", request=f"row {n}")
        shown = ("modicum_items_total", "modicum_feedback_total", "modicum_drift_distance", "modicum_drift_alarm")
        print("\n".join(line for line in ask("/metrics").splitlines() if line.startswith(shown)))

    # 5. Corrections are a table and its journal, as the labelling page has them. They join the others.
    corrected = modicum.read(folder / "fixes.jsonl", text="text", id="id")
    session = open_session(corrected, None, fixes, encoded=False).session
    back = export_columns(session)
    session.journal.close()
    labels |= {texts.index(text): label for text, label in zip(back["text"], back["label"], strict=True)}
    print(f"corrections: {len(wrong)} sent, {len(back['label'])} in the journal")

second = modicum.fit(tabled(), budget="5s", map_points=0)
print("\n".join(second.report["summary"]))

# 6. What that was worth, on the rows that were never labelled.
rest = [n for n in range(len(texts)) if n not in labels]
for known, model in ((LABELS, first), (len(labels), second)):
    found = [model.bundle.classes[code] for code in model.predict([texts[n] for n in rest]).codes]
    share = np.mean([one == truth[n] for one, n in zip(found, rest, strict=True)])
    print(f"accuracy with {known} labels: {share:.0%}")
