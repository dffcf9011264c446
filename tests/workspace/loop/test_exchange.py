"""Labels out and in: tables that `fit` reads as they are, lists, and the JSON of Label Studio and of Argilla."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from modicum.core import InputError
from modicum.workspace.loop import Reply, export, export_columns, import_labels, open_session, read_foreign
from modicum.workspace.loop.foreign import Foreign
from tests.workspace.loop.worlds import world


def said(session):
    """Label of each labelled row, by row number."""
    return {row: session.state.names[int(code)] for row, code in enumerate(session.board.codes) if code >= 0}


def test_an_export_holds_every_row_with_where_its_label_comes_from(opened, tmp_path):
    table, X, _ = world(labelled=2)
    session = opened(table=table, X=X)
    session.answer("ana", Reply("label", (5,), (2,)))
    session.answer("ben", Reply("label", (5,), (2,)))
    session.answer("ana", Reply("skip", (6,)))
    session.answer("ben", Reply("unsure", (6,)))
    session.answer("ben", Reply("note", (6,), text="=odd, very"))
    columns = export_columns(session)
    assert columns["topic"][0] == "food"
    assert columns["topic"][5] == "weather"
    assert columns["topic"][6] is None
    assert [columns["label_source"][row] for row in (0, 5, 6, 7)] == ["table", "answer", "unsure", ""]
    assert columns["labelled_by"][5] == ["ana", "ben"]
    assert columns["label_note"][6] == "ben: =odd, very"
    for name in ("labels.csv", "labels.jsonl", "labels.parquet"):
        assert export(session, tmp_path / name) == 7
    rows = list(csv.DictReader((tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines()))
    lines = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text().splitlines()]
    stored = pq.read_table(tmp_path / "labels.parquet").to_pylist()
    assert [row["topic"] or None for row in rows] == [line["topic"] for line in lines] == [r["topic"] for r in stored]
    assert rows[5]["labelled_by"] == "ana|ben"


def test_an_export_of_an_export_keeps_every_column(opened):
    table, X, _ = world()
    columns = {"text": table.texts, "label_note": ["first"] * len(table)}
    for turn, name in enumerate(("note", "second note", "third note"), start=1):
        session = opened(f"{turn}.jsonl", table=replace(table, columns=columns), X=X)
        session.answer("ana", Reply("note", (0,), text=name))
        columns = export_columns(session)
    notes = {name: columns[name][0] for name in columns if name.endswith(("label_note", "_2", "_3"))}
    assert notes == {
        "input_label_note": "first",
        "input_label_note_2": "ana: note",
        "input_label_note_3": "ana: second note",
        "input_label_source_2": "",
        "input_labelled_by_2": [],
        "input_labelled_at_2": "",
        "input_label_agreement_2": None,
        "label_note": "ana: third note",
    }


def test_an_export_knows_the_consensus_in_any_session(opened, tmp_path):
    table, X, _ = world()
    session = opened(table=table, X=X)
    for row in range(6):
        for who in ("ana", "ben", "eve"):
            wrong = who == "eve" and row % 2
            session.answer(who, Reply("label", (row,), ((row + wrong) % 3,)))
    session.answer("ana", Reply("label", (8,), (0,)))
    path = tmp_path / "eve.json"
    path.write_text(json.dumps([{"text": table.texts[8], "label": "weather"}]))
    import_labels(session, read_foreign(path), "eve")
    told = export_columns(session)
    assert said(session)[8] == told["topic"][8] == "food", "eve is less reliable"
    assert told["label_agreement"][8] > 0.9
    session.journal.close()
    fresh = open_session(table, None, session.journal.path, encoded=False).session
    assert said(fresh)[8] == "food"
    assert export_columns(fresh) == told
    fresh.journal.close()


FORMS = {
    "list.json": [{"text": "T0", "label": "food"}, {"text": "T1", "label": "sport"}, {"text": "T2"}],
    "studio.json": [
        {
            "data": {"text": "T0", "lang": "en"},
            "annotations": [
                {"completed_by": {"email": "ana@x"}, "result": [{"type": "choices", "value": {"choices": ["food"]}}]},
                {"was_cancelled": True, "result": [{"value": {"choices": ["weather"]}}]},
            ],
        },
        {"data": {"text": "T1"}, "annotations": [{"completed_by": 7, "result": [{"value": {"choices": ["sport"]}}]}]},
        {"data": {"text": "T2"}, "annotations": []},
    ],
    "min.json": [
        {"text": "T0", "sentiment": "food", "annotator": 1, "id": 3, "lead_time": 1.2},
        {"text": "T1", "sentiment": "sport", "annotator": 2, "id": 4},
    ],
    "argilla2.json": [
        {"fields": {"text": "T0"}, "responses": {"label": [{"value": "food", "user_id": "u1"}]}, "suggestions": {}},
        {
            "fields": {"text": "T1"},
            "responses": {"label": [{"value": "sport", "user_id": "u2"}, {"value": "food", "status": "discarded"}]},
        },
    ],
    "argilla_flat.jsonl": [
        {
            "text": "T0",
            "label.responses": ["food"],
            "label.responses.users": ["u1"],
            "label.responses.status": ["draft"],
        },
        {"text": "T1", "label.responses": ["sport"], "label.responses.users": ["u1"]},
    ],
    "argilla1.json": [
        {"text": "T0", "annotation": "food", "annotation_agent": "u1", "status": "Validated", "prediction": None},
        {"inputs": {"text": "T1"}, "annotation": "sport"},
    ],
    "feedback.json": [
        {"fields": {"text": "T0"}, "responses": [{"user_id": "u1", "values": {"label": {"value": "food"}}}]},
        {"fields": {"text": "T1"}, "responses": [{"values": {"label": {"value": "sport"}}, "status": "submitted"}]},
    ],
}


@pytest.mark.parametrize("name", FORMS)
def test_labels_of_other_tools_come_in(name, opened, tmp_path):
    table, _, _ = world()
    texts = json.dumps(FORMS[name])
    for row in (0, 1):
        texts = texts.replace(f'"T{row}"', json.dumps(table.texts[row]))
    path = tmp_path / name
    entries = json.loads(texts)
    path.write_text("\n".join(map(json.dumps, entries)) if name.endswith("l") else texts, encoding="utf-8")
    session = opened()
    found = import_labels(session, read_foreign(path), "import")
    assert (found.labels, found.unmatched, found.repeated, found.new_classes) == (2, 0, 0, ())
    assert said(session) == {0: "food", 1: "sport"}
    again = import_labels(session, read_foreign(path), "import")
    assert (again.labels, again.repeated) == (0, 2), "an import can be repeated"
    assert all(event.how == "import" for event in session.events[1:])


def test_new_classes_unknown_texts_and_own_columns(opened, tmp_path):
    path = tmp_path / "labels.csv"
    table, _, _ = world()
    path.write_text(f'message,category\n"{table.texts[4]}",music\nnever seen,food\n', encoding="utf-8")
    session = opened()
    found = import_labels(session, read_foreign(path, "message"), "old")
    assert (found.labels, found.unmatched, found.new_classes) == (1, 1, ("music",))
    assert said(session) == {4: "music"}
    assert session.events[-1].who == "old"


def test_an_export_of_modicum_comes_in_again(opened, tmp_path):
    session = opened()
    session.answer("ana", Reply("label", (3, 4), (1,)))
    export(session, tmp_path / "out.jsonl")
    other = opened("other.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    entries = [{"text": line["text"], "label": line["topic"]} for line in lines if line["topic"]]
    (tmp_path / "in.json").write_text(json.dumps(entries))
    import_labels(other, read_foreign(tmp_path / "in.json"), "first")
    assert said(other) == said(session)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "cannot be read"),
        ('{"a": 1}', "must be a list of objects"),
        ("[1]", "entry 1 is int, not an object"),
        ('[{"text": "a"}]', "holds no label: 1 entry, "),
    ],
)
def test_wrong_files(content, words, tmp_path):
    (tmp_path / "labels.json").write_text(content)
    with pytest.raises(InputError, match=words):
        read_foreign(tmp_path / "labels.json")
    with pytest.raises(InputError, match="cannot be read"):
        read_foreign(tmp_path / "missing.json")


ODD = {
    "string.csv": "text,label,responses\na text,food,yes\n",
    "list.json": '[{"text": "a text", "label": "food", "responses": ["x"]}, {"text": "a text", "label": "food"}]',
    "null.json": '[{"data": {"text": "a text"}, "annotations": [{"result": [{"value": null}]}]},'
    ' {"text": "a text", "label": "food"}]',
    "separators.jsonl": '{"text": "a\u2028b\u0085c", "label": "food"}\n{"text": "a text", "label": "food"}\n',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_cells_are_no_reason_to_stop(name, tmp_path):
    (tmp_path / name).write_text(ODD[name], encoding="utf-8")
    assert read_foreign(tmp_path / name)[-1] == Foreign("a text", ("food",), whole=True)


def test_a_text_over_several_lines_is_the_same_text(tmp_path):
    (tmp_path / "labels.csv").write_bytes(b'text,label\n"line1\nline2",food\n"line3\r\nline4",sport\n')
    assert [each.text for each in read_foreign(tmp_path / "labels.csv")] == ["line1\nline2", "line3\r\nline4"]


def test_a_row_with_more_cells_than_names_is_told_by_its_number(tmp_path):
    (tmp_path / "labels.csv").write_text("text,label\na text,food\none, two,food\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"labels\.csv, row 2 has more cells than the header has names; put texts"):
        read_foreign(tmp_path / "labels.csv")


def test_json_that_is_nested_too_deeply_is_refused(tmp_path):
    (tmp_path / "labels.json").write_text("[" * 100_000)
    with pytest.raises(InputError, match="cannot be read"):
        read_foreign(tmp_path / "labels.json")


def test_of_several_answers_of_one_person_the_last_counts_however_often_they_come(opened):
    table, _, _ = world()
    said_of = [(1, "food"), (0, "sport"), (0, "food"), (2, "food"), (2, "food")]
    foreign = [Foreign(table.texts[row], (label,)) for row, label in said_of]
    session = opened()
    found = import_labels(session, foreign, "file")
    assert (found.labels, found.repeated) == (3, 0)
    assert said(session) == {0: "food", 1: "food", 2: "food"}
    again = import_labels(session, foreign, "file")
    assert (again.labels, again.repeated) == (0, 3)
    assert said(session) == {0: "food", 1: "food", 2: "food"}
