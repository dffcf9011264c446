"""A session on rows of several labels: sets in the journal, lassos that add and remove, several people, the model."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.records import LabelSpace
from modicum.workspace.loop import LoopSettings, Reply, Teacher, export_columns, import_labels, read_foreign, views
from modicum.workspace.loop.opening import open_session
from tests.workspace.loop.worlds import THEMES, tags_world, world

CALM = LoopSettings(chance=0.0, overlap=0.0)


@pytest.fixture
def tagged(opened):
    """A function that opens a session on rows of several themes; `truth` holds the sets of all rows."""

    def open_(name="labels.jsonl", rows=70, labelled=0, **given):
        table, X, truth = tags_world(rows, labelled)
        session = opened(name, table=table, X=X, **given)
        session.truth = truth
        return session

    return open_


def label(session, who, row, numbers, **more):
    return session.answer(who, Reply("label", (row,), tuple(numbers), **more))


def last_line(session):
    return json.loads(session.journal.path.read_text().splitlines()[-1])


def test_a_set_is_on_one_line_with_who_when_and_the_model(tagged):
    session = tagged()
    row, how = session.ask("ana", "a")
    label(session, "ana", row, (2, 0), how=how, model=7)
    told = last_line(session)
    assert (told["classes"], told["who"], told["model"], told["how"]) == (["weather", "food"], "ana", 7, "random")
    assert told["at"].endswith("Z")
    assert session.board.label(row) == (0, 2)
    label(session, "ana", 1, ())
    assert "classes" not in last_line(session), "none of these"
    assert session.board.label(1) == ()
    assert session.board.labelled.sum() == 2
    assert {session.ask("ana", f"t{n}")[0] for n in range(68)} == set(range(70)) - {row, 1}
    session.undo("ana", "a")
    assert session.board.label(1) is None
    session.journal.close()
    assert tagged().board.label(row) == (0, 2), "a restart knows it all"


def test_a_lasso_adds_and_removes_a_label_and_is_undone_as_a_whole(tagged):
    session = tagged(labelled=7)
    before = [session.board.label(row) for row in range(10)]
    event = session.answer("ana", Reply("add", tuple(range(10)), (1,), how="map"))
    assert (event.kind, event.classes) == ("label", ("sport",))
    assert len(event.items) == 7, "rows that had it are left alone"
    assert [session.board.label(row) for row in range(10)] == [tuple(sorted({*(b or ()), 1})) for b in before]
    session.answer("ana", Reply("remove", tuple(range(12)), (1,), how="map"))
    assert [session.board.label(row) for row in (0, 1, 2, 9, 11)] == [(), (0,), (), (), None]
    assert last_line(session)["sets"][:2] == [[], ["food"]]
    session.undo("ana", "a")
    session.undo("ana", "a")
    assert [session.board.label(row) for row in range(10)] == before
    with pytest.raises(InputError, match="no picked row has the label weather; nothing was changed"):
        session.answer("ana", Reply("remove", (0, 60), (2,)))
    with pytest.raises(InputError, match="no picked row lacks the label food; nothing was changed"):
        session.answer("ana", Reply("add", (1,), (0,)))
    with pytest.raises(InputError, match="a label names a class"):
        session.answer("ana", Reply("add", (0, 60)))


def test_a_lasso_changes_ones_own_answer_where_people_differ(tagged):
    session = tagged()
    label(session, "ben", 0, (0,))
    session.answer("ana", Reply("add", (0,), (1,)))
    assert session.board.label(0) is None, "two people differ on sport"
    session.answer("ana", Reply("add", (0,), (2,)))
    answers = session.state.answers[session.board.items[0]]
    assert {who: session.state.labels(answer) for who, answer in answers.items()} == {"ben": (0,), "ana": (0, 1, 2)}


def test_rows_that_moved_take_their_own_sets_along(tagged, opened):
    session = tagged(labelled=7)
    session.answer("ana", Reply("add", (0, 1, 2), (2,)))
    session.journal.close()
    table, X, _ = tags_world(labelled=7)
    order = np.roll(np.arange(70), 1)
    moved = replace(
        table,
        texts=tuple(table.texts[row] for row in order),
        labels=(None,) * 70,
        columns={},
    )
    again = opened(table=moved, X=X[order])
    assert [again.board.label(row) for row in (0, 1, 2, 3, 4)] == [None, (2,), (0, 2), (1, 2), None]


def test_one_label_sessions_know_neither_sets_nor_lassos_that_add(opened, tmp_path):
    session = opened()
    for reply in (Reply("label", (0,), (0, 1)), Reply("add", (0,), (1,))):
        with pytest.raises(InputError, match=r"one label here, not 2|kind of answer 'add' is not known"):
            session.answer("ana", reply)
    assert len(session.events) == 1


def test_a_journal_of_sets_is_refused_where_a_row_has_one_label_and_the_reverse_goes_on(tagged, opened):
    session = tagged()
    label(session, "ana", 1, (0,))
    session.journal.close()
    table, X, _ = tags_world()
    bare = replace(table, separator=None)
    one = opened(table=bare, X=X)
    assert one.board.label(1) == (0,), "each of its answers is one label"
    label(one, "ana", 2, (1,))
    one.journal.close()
    session = tagged()
    assert session.board.label(2) == (1,)
    label(session, "ana", 3, ())
    session.journal.close()
    with pytest.raises(InputError, match=r"holds rows with several labels, or known to have none; say what parts them"):
        opened(table=bare, X=X)


def test_names_must_not_hold_what_parts_labels(tagged, tmp_path):
    session = tagged()
    for change in (lambda: session.add_class("ana", "a|b"), lambda: session.rename_class("ana", 0, "a|b")):
        with pytest.raises(InputError, match=r"the name 'a\|b' holds '\|'"):
            change()
    table, X, _ = tags_world()
    with pytest.raises(InputError, match=r"the name 'c\|d' holds"):
        open_session(table, LabelSpace(("c|d",)), tmp_path / "new.jsonl", source=X)
    opened = open_session(table, LabelSpace(("food",)), tmp_path / "new.jsonl", source=X)
    assert opened.session.task.space.names == ("food",)
    opened.session.journal.close()
    labelled, X, _ = tags_world(labelled=20)
    opened = open_session(labelled, LabelSpace(("food",)), tmp_path / "new.jsonl", source=X)
    assert opened.session.task.space.names == ("food", "sport", "weather"), "parts of cells, not cells"
    assert "'sport', 'weather' stand in 12 rows" in opened.notes[0]
    opened.session.journal.close()


def test_merged_labels_are_one_and_sets_stay_sets(tagged):
    session = tagged(labelled=7)
    label(session, "ana", 10, (0, 1))
    session.merge_classes("ana", [0], 1)
    assert [session.board.label(row) for row in (4, 5, 10)] == [(1,), (1, 2), (1,)]
    session.undo("ana", "a")
    assert session.board.label(10) == (0, 1)


def test_annotators_are_compared_and_settled_label_by_label(tagged):
    session = tagged()
    for row in range(20):
        for who in ("ana", "ben"):
            label(session, who, row, session.truth[row])
        label(session, "eve", row, session.truth[row][:1])
    teacher = Teacher(session)
    teacher.refit()
    status = views.status(session, teacher, "ana")
    assert status["shared"] == 20
    assert 0.7 < status["agreement"] < 1
    assert status["reliability"]["eve"] < status["reliability"]["ana"]
    assert session.board.label(4) == (0, 1)
    queue = views.disagreements(session)
    first = next(each for each in queue if each["row"] == 4)
    assert [vote["labels"] for vote in first["votes"]] == [(0, 1), (0, 1), (0,)]
    assert first["probable"] == (0, 1)
    label(session, "ana", 4, (0,), how="disagreement", final=True)
    assert session.board.label(4) == (0,)


def test_the_teacher_suggests_marks_asks_and_measures(tagged):
    session = tagged(rows=210)
    teacher = Teacher(session)
    teacher.refit()
    assert views.suggested(session, 0) == ([], [])
    for row in range(60):
        label(session, "ana", row, session.truth[row], how="random")
    teacher.refit()
    teacher.remeasure()
    teacher.refit()
    marked = [tuple(sorted(views.suggested(session, row)[1])) == session.truth[row] for row in range(60, 210)]
    assert np.mean(marked) > 0.9
    likely, _ = views.suggested(session, 64)
    assert [p for _, p in likely] == sorted((p for _, p in likely), reverse=True)
    assert {number for number, _ in likely[:2]} == {0, 1}
    told = views.status(session, teacher, "ana")
    assert told["accuracy"]["low"] < told["accuracy"]["accuracy"] <= told["accuracy"]["high"]
    assert (told["accuracy"]["rows"], told["accuracy"]["fair"]) == (60, True)
    assert "gain" not in told["accuracy"], "one point is no curve"
    assert told["balance"] == {str(k): sum(k in found for found in session.truth[:60]) for k in range(3)}
    assert session.ask("ana", "a")[1] in ("labels.margin_query", "random")
    wrong = next(row for row in range(14, 60) if session.truth[row] == (1,))
    label(session, "ana", wrong, (2,))
    teacher.refit()
    teacher.remeasure()
    accused = {each["row"]: each for each in views.review(session)}
    assert accused[wrong]["labels"] == (2,)
    assert 1 in accused[wrong]["better"]
    assert views.batches(session, "a")[0]["suggestions"]
    shown = views.question(session, 100, "random", "ana")
    assert set(shown["expected"]) <= {number for number, _ in shown["suggestions"]}


def test_a_single_label_can_be_learnt_as_yes_or_no(opened):
    table, X, truth = tags_world()
    session = opened(table=table, X=X, space=LabelSpace(("food",)))
    for row in range(30):
        label(session, "ana", row, (0,) if 0 in truth[row] else ())
    teacher = Teacher(session)
    teacher.refit()
    teacher.remeasure()
    assert session.measured.accuracy > 0.8
    right = [(views.suggested(session, row)[1] == [0]) == (0 in truth[row]) for row in range(30, 70)]
    assert np.mean(right) > 0.9


def test_an_export_joins_labels_and_comes_in_again(tagged, tmp_path):
    session = tagged(labelled=7)
    label(session, "ana", 10, (2, 0))
    label(session, "ana", 11, ())
    columns = export_columns(session)
    assert [columns["topics"][row] for row in (0, 1, 4, 10, 11, 12)] == [
        "|", "food", "food|sport", "food|weather", "|", None
    ]  # fmt: skip
    assert [columns["label_source"][row] for row in (0, 10, 11, 12)] == ["table", "answer", "answer", ""]
    entries = [
        {"text": text, "label": cell} for text, cell in zip(columns["text"], columns["topics"], strict=True) if cell
    ]
    (tmp_path / "in.json").write_text(json.dumps(entries))
    other = tagged("other.jsonl")
    found = import_labels(other, read_foreign(tmp_path / "in.json"), "first")
    assert (found.labels, found.new_classes, found.repeated) == (9, (), 0)
    assert [other.board.label(row) for row in range(70)] == [session.board.label(row) for row in range(70)]
    assert import_labels(other, read_foreign(tmp_path / "in.json"), "first").repeated == 9


FORMS = {
    "studio.json": [
        {
            "data": {"text": "T0"},
            "annotations": [
                {"completed_by": 7, "result": [{"type": "choices", "value": {"choices": ["food", "sport"]}}]},
                {"was_cancelled": True, "result": [{"value": {"choices": ["weather"]}}]},
            ],
        },
        {"data": {"text": "T1"}, "annotations": [{"completed_by": 7, "result": []}]},
        {"data": {"text": "T2"}, "annotations": []},
    ],
    "min.json": [
        {"text": "T0", "topics": {"choices": ["food", "sport"]}, "annotator": 1, "id": 3, "lead_time": 1.2},
        {"text": "T1", "topics": {"choices": []}, "annotator": 1, "id": 4},
    ],
    "argilla2.json": [
        {"fields": {"text": "T0"}, "responses": {"topics": [{"value": ["food", "sport"], "user_id": "u1"}]}},
        {
            "fields": {"text": "T1"},
            "responses": {"topics": [{"value": [], "user_id": "u2"}, {"value": ["food"], "status": "discarded"}]},
        },
    ],
    "argilla_flat.jsonl": [
        {"text": "T0", "topics.responses": [["food", "sport"]], "topics.responses.users": ["u1"]},
        {"text": "T1", "topics.responses": [[]], "topics.responses.users": ["u1"]},
    ],
    "feedback.json": [
        {"fields": {"text": "T0"}, "responses": [{"user_id": "u", "values": {"t": {"value": ["food", "sport"]}}}]},
        {"fields": {"text": "T1"}, "responses": [{"user_id": "u", "values": {"t": {"value": []}}}]},
    ],
    "argilla1.json": [
        {"text": "T0", "annotation": ["food", "sport"], "annotation_agent": "u1", "prediction": None},
        {"text": "T1", "annotation": [], "annotation_agent": "u1", "status": "Validated"},
    ],
    "lines.csv": [
        {"text": "T0", "label": "food"},
        {"text": "T0", "label": "sport"},
        {"text": "T1", "label": "|"},
    ],
}


@pytest.mark.parametrize("name", FORMS)
def test_sets_of_other_tools_come_in_whole(name, tagged, opened, tmp_path):
    table, _, _ = tags_world()
    told = json.dumps(FORMS[name])
    for row in (0, 1):
        told = told.replace(f'"T{row}"', json.dumps(table.texts[row]))
    entries = json.loads(told)
    path = tmp_path / name
    if name.endswith(".csv"):
        path.write_text("\n".join(["text,label", *(f'"{e["text"]}",{e["label"]}' for e in entries)]) + "\n")
    else:
        path.write_text("\n".join(map(json.dumps, entries)) if name.endswith("l") else json.dumps(entries))
    session = tagged()
    found = import_labels(session, read_foreign(path), "import")
    assert (found.labels, found.unmatched) == (2, 0)
    assert [session.board.label(row) for row in range(3)] == [(0, 1), (), None]
    assert import_labels(session, read_foreign(path), "import").repeated == 2
    session.journal.close()
    if name == "lines.csv":
        return
    plain, X, _ = world()
    with pytest.raises(InputError, match=r"has several labels at once \('food', 'sport'\); to label rows that may"):
        import_labels(opened("one.jsonl", table=plain, X=X), read_foreign(path), "import")


def test_a_label_that_a_cell_cannot_hold_is_refused_on_import(tagged, tmp_path):
    (tmp_path / "in.json").write_text(json.dumps([{"text": "x", "label": ["a|b", "c"]}]))
    with pytest.raises(InputError, match="which parts labels"):
        import_labels(tagged(), read_foreign(tmp_path / "in.json"), "import")


def test_two_thousand_labels_are_still_quick_to_suggest(opened):
    table, X, truth = tags_world(rows=140)
    names = (*THEMES, *(f"label {k}" for k in range(1_997)))
    session = opened(table=table, X=X, space=LabelSpace(names), settings=CALM)
    for row in range(20):
        label(session, "ana", row, truth[row])
    Teacher(session).refit()
    assert len(views.suggested(session, 50)[0]) == 12
    assert len(views.classes(session)) == 2_000


def test_a_model_waits_for_the_first_class_and_goes_on_from_there(tagged):
    session = tagged(space=LabelSpace(()))
    teacher = Teacher(session)
    teacher.refit()
    session.add_class("ana", "food", "")
    for row in range(14):
        label(session, "ana", row, [0] if 0 in session.truth[row] else [])
    teacher.refit()
    assert session.board.labelled.sum() == 14
    assert session.lesson.version > 0
