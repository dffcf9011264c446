"""Asking and answering: leases, queues, retries, undo, classes, several people, tables that change."""

from __future__ import annotations

from dataclasses import replace
from threading import Thread

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.records import LabelSpace
from modicum.workspace.loop import (
    LoopSettings,
    Reply,
    Teacher,
    check_settings,
    export_columns,
    find_consensus,
    open_session,
    views,
)
from modicum.workspace.loop.events import Event
from modicum.workspace.loop.lesson import Lesson
from modicum.workspace.loop.matching import items_of, rebind
from modicum.workspace.loop.measured import Temperature
from modicum.workspace.registry import method, methods
from tests.workspace.loop.worlds import Clock, world

CALM = LoopSettings(chance=0.0, overlap=0.0)


def label(session, who, row, number, **more):
    return session.answer(who, Reply("label", (row,), (number,), **more))


def test_two_tabs_never_get_the_same_row(opened):
    session = opened()
    rows = [session.ask("ana", f"tab {k}")[0] for k in range(36)]
    assert sorted(rows) == list(range(36))
    assert session.ask("ben", "one more") is None


def test_a_tab_gets_its_row_again_and_a_lost_one_is_lent_anew(opened):
    clock = Clock()
    session = opened(clock=clock)
    row, _ = session.ask("ana", "a")
    assert session.ask("ana", "a")[0] == row
    for k in range(35):
        session.ask("ben", f"b{k}")
    clock.now += 100
    session.here("ana", "a")
    clock.now += 60
    assert session.ask("ana", "a")[0] == row
    assert session.ask("eve", "e")[0] != row, "rows of tabs without a sign of life are free"


def test_a_closed_tab_lets_go_but_a_reload_keeps_its_row(opened):
    clock = Clock()
    session = opened(clock=clock)
    row, _ = session.ask("ana", "a")
    session.leave("a")
    clock.now += 1
    assert session.ask("ana", "a")[0] == row
    session.leave("a")
    clock.now += 6
    assert row in {session.ask("ben", f"b{k}")[0] for k in range(36)}


def test_an_answer_is_in_the_journal_and_the_row_is_not_asked_again(opened):
    session = opened()
    row, how = session.ask("ana", "a")
    event = session.answer("ana", Reply("label", (row,), (2,), how=how, model=7))
    last = session.journal.path.read_text().splitlines()[-1]
    assert all(
        part in last for part in ('"who":"ana"', '"classes":["weather"]', '"model":7', f'"n":{event.n}', '"at":"2')
    )
    assert session.board.codes[row] == 2
    assert row not in {session.ask("ana", f"t{k}")[0] for k in range(35)}


def test_a_request_sent_twice_is_done_once_even_after_a_restart(opened):
    session = opened()
    first = label(session, "ana", 3, 0, request="abc")
    assert label(session, "ana", 3, 0, request="abc") == first
    session.journal.close()
    again = opened()
    assert label(again, "ana", 3, 1, request="abc").n == first.n
    assert again.board.codes[3] == 0
    assert again.undo("ana", "a", "xyz").n == again.undo("ana", "a", "xyz").n == first.n
    assert again.add_class("ana", "music", request="m") == again.add_class("ana", "music", request="m")


def test_undo_gives_the_row_back_to_the_tab(opened):
    session = opened(settings=CALM)
    row, _ = session.ask("ana", "a")
    session.answer("ana", Reply("skip", (row,)))
    session.ask("ana", "a")
    assert session.undo("ana", "a").kind == "skip"
    assert session.ask("ana", "a")[0] == row
    assert session.undo("ana", "a") is None
    assert session.undo("ben", "b") is None


def test_a_lasso_is_undone_as_a_whole(opened):
    session = opened()
    session.answer("ana", Reply("label", tuple(range(10)), (1,), how="map"))
    label(session, "ben", 20, 2)
    assert session.board.labelled.sum() == 11
    session.undo("ana", "a")
    assert np.flatnonzero(session.board.labelled).tolist() == [20]


def test_skipped_rows_come_last_and_unsure_ones_go_to_others(opened):
    session = opened(settings=CALM)
    first, _ = session.ask("ana", "a")
    session.answer("ana", Reply("skip", (first,)))
    second, _ = session.ask("ana", "a")
    session.answer("ana", Reply("unsure", (second,)))
    rest = []
    while (found := session.ask("ana", "a"))[1] != "skip":
        rest.append(found[0])
        label(session, "ana", found[0], 0)
    assert found[0] == first
    assert len(rest) == 34
    assert session.ask("ben", "b")[0] == second


def test_rows_passed_by_or_unsure_stay_so_until_somebody_labels_them(opened):
    session = opened()
    for row, who, kind in ((0, "ana", "skip"), (1, "ana", "unsure"), (2, "ben", "skip"), (3, "ben", "unsure")):
        session.answer(who, Reply(kind, (row,)))
    board = session.board
    assert board.passed_by("ana", session.state) == [0]
    assert board.passed_by("ben", session.state) == [2]
    assert board.passed_by("eve", session.state) == []
    assert board.unsure(session.state) == [1, 3]
    for row in (0, 1):
        label(session, "ben", row, 2)
    assert board.passed_by("ana", session.state) == []
    assert board.unsure(session.state) == [3]


def test_people_are_counted_by_their_labels(opened):
    session = opened()
    label(session, "ben", 0, 2)
    label(session, "ben", 1, 2)
    session.answer("ana", Reply("skip", (2,)))
    session.answer("ben", Reply("unsure", (3,)))
    told = session.board.people(session.state)
    assert [(each["who"], each["labels"]) for each in told] == [("ana", 0), ("ben", 2)]
    assert told[1]["last"] == session.events[-1].at


def test_what_was_settled_before_stands_where_the_board_is_taken_anew(opened):
    session = opened()
    for row in range(4):
        for who in ("ana", "ben", "eve"):
            label(session, who, row, 1)
    found = find_consensus(session.state)
    session.board.refresh(session.state, found)
    session.board.refresh(session.state)
    assert session.board.settled is found


def test_labels_of_the_table_stand_until_somebody_says_otherwise(opened):
    table, X, _ = world(labelled=4)
    session = opened(table=table, X=X)
    assert session.board.labelled.sum() == 12
    session.answer("ana", Reply("unlabel", (0,)))
    assert session.board.codes[0] == -1
    label(session, "ana", 1, 2)
    assert session.board.codes[1] == 2
    session.undo("ana", "a")
    session.undo("ana", "a")
    assert session.board.codes[:4].tolist() == [0, 0, 0, 0]
    session.rename_class("ana", 0, "meals")
    session.merge_classes("ana", [1], 2)
    assert session.state.names == {0: "meals", 2: "weather"}
    assert session.board.codes[12] == 2


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize("passed", ["skip", "unsure"])
def test_a_removed_label_stays_away_and_the_tables_stands_where_no_answer_does(opened, several, passed):
    table, X, _ = world(labelled=4)
    session = opened(table=replace(table, separator="|" if several else None), X=X)
    session.answer("ana", Reply("unlabel", (0, 1)))
    label(session, "ana", 1, 2)
    label(session, "ana", 2, 2)
    label(session, "ana", 6, 2)
    session.answer("ana", Reply(passed, (0, 1, 2, 3, 6)))

    def shown():
        told = export_columns(session)
        labels = {row: told["topic" if not several else "labels"][row] for row in (0, 1, 2, 3, 6)}
        rows = session.board.labelled
        assert all((labels[row] is not None) == rows[row] for row in labels)
        return labels, [told["label_source"][row] for row in (0, 2)]

    source = "unsure" if passed == "unsure" else "skipped"
    expected = ({0: None, 1: None, 2: "food", 3: "food", 6: None}, [source, "table"])
    assert [session.board.label(row) for row in (0, 1, 2, 3, 6)] == [None, None, (0,), (0,), None]
    assert shown() == expected
    session.board.refresh(session.state)
    assert shown() == expected
    session.undo("ana", "a")
    assert session.board.label(2) == (2,)


def test_answers_are_checked(opened):
    session = opened()
    cases = (
        (Reply("label", (99,), (0,)), "there is no row 99; the table has 36"),
        (Reply("label", (0, 36), (0,)), "there is no row 36; the table has 36"),
        (Reply("label", (-1,), (0,)), "there is no row -1; the table has 36"),
        (Reply("label", (0,), (7,)), "the class is no longer there"),
        (Reply("label", (), (0,)), "about no row"),
        (Reply("label", (0,)), "a label names a class"),
        (Reply("skip", (0,), (1,)), "a label names a class"),
        (Reply("sing", (0,)), "kind of answer 'sing' is not known"),
        (Reply("note", (0,), text="x" * 5001), "5,001 characters"),
    )
    for reply, words in cases:
        with pytest.raises(InputError, match=words):
            session.answer("ana", reply)
    for who in (" ", "a" * 201):
        with pytest.raises(InputError, match="say who labels"):
            session.answer(who, Reply("skip", (0,)))
    assert len(session.events) == 1
    assert session.answer("a" * 200, Reply("skip", (0,))).who == "a" * 200


def test_what_a_reply_tells_is_what_the_journal_holds(opened):
    session = opened()
    session.answer("ana", Reply("note", (0, 35, 0), text="x" * 5000))
    told = session.events[-1]
    assert (told.kind, told.text, told.model, told.final) == ("note", "x" * 5000, 0, False)
    assert told.items == (session.board.items[0], session.board.items[35])
    session.answer("ana", Reply("label", (3,), (1,), how="map", model=4, final=True, request="r"))
    told = session.events[-1]
    assert (told.classes, told.how, told.model, told.final, told.request) == (("sport",), "map", 4, True, "r")


def test_several_people_agreement_and_settling(opened):
    session = opened()
    for row in range(10):
        for who in ("ana", "ben", "eve"):
            wrong = who == "eve" and row % 2
            label(session, who, row, (row + wrong) % 3)
    label(session, "ana", 11, 0)
    label(session, "eve", 11, 1)
    found = find_consensus(session.state)
    assert found.shared == 11
    assert found.reliability["ana"] > 0.85 > 0.75 > found.reliability["eve"]
    assert found.labels[session.board.items[11]] == (0,)
    session.board.refresh(session.state, found)
    assert session.board.codes[11] == 0
    queue = views.disagreements(session)
    assert {each["row"] for each in queue} == {1, 3, 5, 7, 9, 11}
    session.answer("ana", Reply("label", (11,), (1,), final=True))
    session.board.refresh(session.state, find_consensus(session.state))
    assert session.board.codes[11] == 1
    assert 11 not in {each["row"] for each in views.disagreements(session)}


def test_two_people_who_differ_leave_a_row_open_until_somebody_settles_it(opened):
    session = opened()
    label(session, "ana", 0, 2)
    label(session, "ben", 0, 1)
    Teacher(session).refit()
    assert session.board.label(0) is None
    assert [(each["row"], each["probable"]) for each in views.disagreements(session)] == [(0, None)]
    label(session, "eve", 0, 1)
    Teacher(session).refit()
    assert session.board.label(0) == (1,)


def test_a_share_of_questions_is_asked_twice_where_there_are_several_people(opened):
    session = opened(settings=LoopSettings(chance=0.0, overlap=1.0))
    row, how = session.ask("ana", "a")
    assert how == "random"
    label(session, "ana", row, 0)
    assert session.ask("ben", "b") == (row, "overlap")
    label(session, "ana", session.ask("ana", "a")[0], 0)
    assert session.ask("ben", "b") == (row, "overlap"), "a reload gives the same row"
    label(session, "ben", row, 1, how="overlap")
    assert session.ask("ben", "b")[0] != row
    session.leases.release(session.leases.held("b"))
    session.undo("ben", "b")
    assert session.ask("ben", "b") == (row, "overlap"), "and so does an undo"
    label(session, "ben", row, 0, how="overlap")
    other, how = session.ask("ben", "b")
    assert how == "overlap"
    label(session, "ben", other, 0, how="map")
    assert session.ask("ben", "b")[1] != "overlap", "labelled on the map meanwhile"


def picked(*rows, fitted=True):
    """A lesson whose model asks for these rows, in this order."""
    return Lesson(1, (0, 1, 2), 3, object() if fitted else None, Temperature(1.0), np.array(rows), (), 0.0)


def test_what_a_model_picked_is_asked_in_its_order_and_each_row_once(opened):
    session = opened(settings=CALM)
    label(session, "eve", 20, 0)
    session.take_lesson(picked(30, 20, 10, 5, 7))
    how = CALM.teaching.query
    assert [session.ask("ana", tab) for tab in ("a", "b", "a")] == [(30, how), (10, how), (30, how)]
    label(session, "ana", 30, 0, how=how)
    assert session.ask("ana", "a") == (5, how)
    session.leases.release([5])
    assert session.ask("ben", "c") == (7, how), "a row that came up is not asked for again"
    assert session.ask("ben", "d")[1] == "random", "nothing else was picked"


def test_without_a_model_rows_come_by_chance(opened):
    session = opened(settings=CALM)
    session.take_lesson(picked(30, 10, fitted=False))
    assert [session.ask("ana", tab) for tab in ("a", "b")] == [(30, "random"), (10, "random")]


def test_a_share_of_one_is_all_by_chance(opened):
    session = opened(settings=LoopSettings(chance=1.0, overlap=0.0))
    session.take_lesson(picked(*range(36)))
    assert {session.ask("ana", f"t{n}")[1] for n in range(30)} == {"random"}


def test_disagreements_are_counted_as_they_are_listed(opened):
    table, X, _ = world()
    session = opened(table=table, X=X)
    teacher = Teacher(session)
    for row in range(3):
        label(session, "ana", row, 0)
        label(session, "ben", row, 1)
    teacher.refit()

    def counted():
        assert len(views.disagreements(session)) == views.status(session, teacher, "ana")["disagreed"]
        return len(views.disagreements(session))

    assert counted() == 3
    session.answer("ana", Reply("label", (0,), (0,), final=True))
    assert counted() == 2, "before the next refit, too"
    session.journal.close()
    rest = replace(table, ids=table.ids[2:], texts=table.texts[2:], labels=table.labels[2:])
    session = opened(table=rest, X=X[2:])
    Teacher(session).refit()
    assert counted() == 1, "one row is gone"


def test_the_teacher_suggests_asks_and_measures(opened):
    table, X, truth = world(per_class=40)
    session = opened(table=table, X=X)
    teacher = Teacher(session)
    assert teacher.turn()
    assert views.suggested(session, 0) == ([], [])
    for row in (0, 1, 2, 40, 41, 42, 80, 81, 82, 3, 43, 83):
        label(session, "ana", row, int(truth[row]), how="random")
    while teacher.behind:
        assert teacher.turn()
    assert session.lesson.labels == 12
    right = [views.suggested(session, row)[0][0][0] == truth[row] for row in range(120)]
    assert np.mean(right) > 0.9
    assert sum(each[1] for each in views.suggested(session, 5)[0]) == pytest.approx(1, abs=1e-3)
    label(session, "eve", 50, 0)
    teacher.refit()
    teacher.remeasure()
    assert session.measured.accuracy > 0.8
    assert 50 in {each["row"] for each in views.review(session)}
    told = views.status(session, teacher, "ana")
    assert told["accuracy"]["low"] < told["accuracy"]["accuracy"] <= told["accuracy"]["high"]
    assert not told["accuracy"]["fair"]
    session.answer("ana", Reply("label", (50,), (0,), how="review"))
    assert 50 not in {each["row"] for each in views.review(session)}, "a label that was confirmed is not accused again"
    groups = views.batches(session, "a")
    assert groups
    rows = [line["row"] for group in groups for line in group["rows"]]
    assert len(rows) == len(set(rows))
    assert {session.ask("ben", f"b{k}")[0] for k in range(20)}.isdisjoint(rows), "rows of a batch are lent"


@pytest.mark.parametrize("key", [one.key for one in methods() if one.card.question == "active"])
def test_every_query_that_is_taken_picks_rows(opened, key):
    table, X, truth = world()
    try:
        settings = check_settings(key, 0.2, 0)
    except InputError:
        settings = None
    assert (settings is not None) == (key.endswith("_query") and "probabilities" in method(key).card.needs)
    if settings is not None:
        session = opened(table=table, X=X, settings=settings)
        for row in (0, 12, 24):
            label(session, "ana", row, int(truth[row]))
        Teacher(session).refit()
        assert sorted(session.lesson.asked) == [row for row in range(36) if row not in (0, 12, 24)]


def test_what_chance_asked_for_is_read_under_the_lock(opened):
    table, X, _ = world(labelled=6)
    session = opened(table=table, X=X)
    teacher, seen = Teacher(session), []
    teacher.refit()

    def other():
        seen.append(session.lock.acquire(blocking=False))
        if seen[-1]:
            session.lock.release()

    class Chance:
        def copy(self):
            thread = Thread(target=other)
            thread.start()
            thread.join()
            return np.zeros(len(table), dtype=bool)

    session.board.chance = Chance()
    teacher.remeasure()
    assert seen == [False], "another thread cannot change it meanwhile"
    assert session.measured is not None


def test_a_merged_class_is_suggested_as_what_it_became(opened):
    table, X, truth = world(per_class=20)
    session = opened(table=table, X=X)
    for row in (0, 1, 20, 21, 40, 41):
        label(session, "ana", row, int(truth[row]))
    Teacher(session).refit()
    session.merge_classes("ana", [0], 1)
    assert {number for number, _ in views.suggested(session, 5)[0]} == {1, 2}
    assert views.suggested(session, 5)[0][0][0] == 1


def test_without_classes_the_first_one_is_made_while_labelling(opened):
    table, X, _ = world()
    session = opened(table=table, X=X, space=LabelSpace(()))
    teacher = Teacher(session)
    teacher.refit()
    row, _ = session.ask("ana", "a")
    label(session, "ana", row, session.add_class("ana", "first"))
    teacher.refit()
    assert session.lesson.fitted is None
    label(session, "ana", session.ask("ana", "a")[0], session.add_class("ana", "second"))
    teacher.refit()
    assert session.lesson.fitted is not None


def test_a_slow_refit_makes_the_next_one_cheaper(opened):
    table, X, truth = world(per_class=20)
    session = opened(table=table, X=X)
    session.settings = replace(session.settings, teaching=replace(session.settings.teaching, seconds=0.0))
    for row in (0, 1, 20, 21, 40, 41):
        label(session, "ana", row, int(truth[row]))
    teacher = Teacher(session)
    seen = []
    for _ in range(3):
        teacher.refit()
        seen.append(session.lesson.recipe)
    assert seen == ["self-training", "names + shots", "class means"] or seen[-1] == "class means"


def test_a_changed_table_is_matched_by_texts(opened):
    table, X, _ = world()
    session = opened(table=table, X=X)
    for row in (0, 5, 30):
        label(session, "ana", row, 1)
    session.journal.close()
    texts = ["a new first row", *table.texts[:5], "an edited row", *table.texts[6:30], *table.texts[31:]]
    changed = replace(
        table, ids=tuple(map(str, range(len(texts)))), texts=tuple(texts), labels=(None,) * len(texts), columns={}
    )
    again = opened(table=changed, X=np.zeros((len(texts), 3), dtype=np.float32))
    assert np.flatnonzero(again.board.labelled).tolist() == [1]
    told = again.matched.told()
    assert told.startswith("The table has changed since it was labelled: 1 item found by text under another row id")
    assert "2 items whose text was edited" in told
    assert "stay in the journal" in told
    again.journal.close()
    assert opened(table=table, X=X).board.labelled.sum() == 3, "nothing was lost"


def test_notes_of_opening_tell_of_classes_what_is_so(tmp_path):
    table, X, _ = world()
    table = replace(table, labels=("odd", *table.labels[1:]))
    place, declared = tmp_path / "labels.jsonl", LabelSpace(("food", "sport", "weather"))
    opened = open_session(table, declared, place, source=X)
    assert len(opened.notes) == 1
    assert opened.notes[0].startswith("The class 'odd' stands in 1 row of items.csv but not in the class file; added.")
    session = opened.session
    label(session, "ana", 1, session.add_class("ana", "added on the page"))
    session.add_class("ana", "added and not used")
    label(session, "ana", 2, 1)
    session.rename_class("ana", 0, "meals")
    session.journal.close()
    opened = open_session(table, declared, place, source=X)
    assert len(opened.notes) == 1
    opened.session.journal.close()
    opened = open_session(table, LabelSpace(("food",)), place, source=X)
    assert opened.notes[1:] == (
        "The class 'sport': in the journal, but no longer in the class file; kept, as there are answers.",
    ), "nobody has answered 'weather'"
    opened.session.journal.close()


def test_equal_texts_keep_their_own_answers():
    ids, texts = ("a", "b", "c"), ("same", "same", "other")
    events = [replace_items(("b",), texts, ids)]
    moved, matched = rebind(events, items_of(("x", "y", "z"), texts))
    assert (matched.moved, matched.gone) == (1, 0)
    assert moved[0].items[0][0] == "x"
    both, _ = rebind([replace_items(("a", "b"), texts, ids)], items_of(("x", "y", "z"), texts))
    assert [id for id, _ in both[0].items] == ["x", "y"]


def replace_items(wanted, texts, ids):
    return Event("label", "ana", items=tuple(i for i in items_of(ids, texts) if i[0] in wanted), classes=("a",), n=1)


def test_two_thousand_classes_and_a_text_of_a_megabyte(opened):
    table, X, _ = world()
    big = replace(table, texts=("x" * 1_000_000, *table.texts[1:]))
    session = opened(table=big, X=X, space=LabelSpace(tuple(f"class {k}" for k in range(2_000))))
    shown = views.question(session, 0, "random", "ana")
    assert (len(shown["text"]), shown["cut"]) == (20_000, 980_000)
    label(session, "ana", 0, 1_999)
    label(session, "ana", 20, 7)
    Teacher(session).refit()
    assert len(views.suggested(session, 3)[0]) <= 12
    assert len(views.classes(session)) == 2_000
