"""Cleaning from the library: repaired labels for a fit, precomputed vectors, and what is not judged."""

from __future__ import annotations

import numpy as np
import pytest

from modicum.core import InputError
from modicum.core.records import LabelSpace, Table
from modicum.heads import Linear
from modicum.workspace import clean, dedup


def world(rows=90, unlabelled=0):
    """Three clouds; of every tenth row the label is wrong."""
    rng = np.random.default_rng(0)
    truth = np.arange(rows) % 3
    X = np.eye(4)[truth] + 0.15 * rng.normal(size=(rows, 4))
    codes = np.where(np.arange(rows) % 10 == 4, (truth + 1) % 3, truth)
    names = [None if row < unlabelled else "abc"[code] for row, code in enumerate(codes)]
    texts = tuple("".join(rng.choice(list("qwertzuiopasdfghjkl "), 30)) for _ in range(rows))
    return Table(tuple(map(str, range(rows))), texts, tuple(names)), X, truth, codes


def test_known_world_every_wrong_label_is_found_and_no_other():
    table, X, truth, codes = world()
    found = clean(table, vectors=X)
    errors = [one for one in found.findings if one.kind == "error"]
    assert sorted(one.row - 1 for one in errors) == np.flatnonzero(truth != codes).tolist()
    assert all(one.suggestion == "abc"[truth[one.row - 1]] for one in errors)
    assert found.facts["wrong_labels"] == pytest.approx(0.1, abs=0.03)


def test_repaired_labels_are_for_the_next_fit_and_the_table_keeps_its_own():
    table, X, truth, _ = world()
    labels = table.labels
    found = clean(table, vectors=X)
    rows, codes, weight = found.repaired().weighted_rows()
    assert Linear().fit(X[found.rows][rows], codes, weight).score(X, truth) == 1.0
    assert table.labels is labels


def test_rows_without_a_label_are_never_accused():
    table, X, _, _ = world(unlabelled=30)
    found = clean(table, vectors=X)
    assert min(one.row for one in found.findings) > 30
    assert found.facts["labelled"] == 60


def test_too_few_labels_are_not_judged():
    table, X, _, _ = world(rows=9)
    found = clean(table, vectors=X)
    assert found.judged is None
    assert found.repaired() is None
    assert found.findings == ()


def test_an_error_tells_how_far_its_own_label_and_the_better_one_are_believed():
    table, X, _, _ = world()
    found = clean(table, vectors=X)
    own, posterior = found.judged.values, found.judged.posterior
    for one in (one for one in found.findings if one.kind == "error"):
        place = one.row - 1
        assert one.credibility == pytest.approx(own[place], abs=1e-4)
        better = posterior[place, "abc".index(one.suggestion)]
        assert one.reason == (
            f"its neighbours and a held-out model say {one.suggestion} ({better:.0%}, its label {own[place]:.0%})"
        )
        assert better > 0.5 > own[place]


def test_classes_that_are_mistaken_for_certain_others_are_told_the_worst_first():
    rng = np.random.default_rng(1)
    table, X, truth, _ = world(rows=480)
    codes = np.where(rng.random(480) < np.array([0.2, 0.1, 0.0])[truth], (truth + 1) % 3, truth)
    table = Table(table.ids, table.texts, tuple("abc"[code] for code in codes))
    facts = clean(table, vectors=X).facts
    told, shares = facts["mistakes"], [one["share"] for one in facts["mistakes"]]
    assert [(one["true"], one["written"]) for one in told[:2]] == [("a", "b"), ("b", "c")]
    assert 0.1 < shares[0] < 0.25, "a model that learns from wrong labels takes part of them for right"
    assert shares == sorted(shares, reverse=True)
    assert all(one["true"] != one["written"] and one["share"] > 0 for one in told)
    right = Table(table.ids, table.texts, tuple("abc"[code] for code in truth))
    assert clean(right, vectors=X).facts["mistakes"] == [], "there are none"


def test_the_audit_counts_what_it_says():
    table, X, _, codes = world()
    rows = [*range(90), *np.flatnonzero(codes == 1)[:30]]
    texts = (*(f"{table.texts[row]} {place}" for place, row in enumerate(rows[:-1])), f"{table.texts[0]} 0")
    sides = ("train",) * 60 + ("test",) * 60
    ids = tuple(f"id{place}" for place in range(120))
    whole = Table(ids, texts, tuple("abc"[codes[row]] for row in rows), columns={"side": list(sides)})
    facts = clean(whole, vectors=X[rows], split="side").facts
    counts = np.bincount(codes[rows])
    assert facts["judged"] is True
    assert facts["largest_to_smallest_class"] == pytest.approx(counts.max() / counts.min(), abs=0.005)
    assert "id119" in facts["copies_across_splits"]
    plain = clean(whole, vectors=X[rows])
    assert plain.facts["copies_across_splits"] is None
    kinds = [one.kind for one in plain.findings]
    assert [facts["errors"], facts["conflicts"], facts["duplicates"]] == [
        kinds.count(kind) for kind in ("error", "conflict", "duplicate")
    ]
    assert facts["duplicates"] >= 1


@pytest.mark.parametrize(("rows", "judged"), [(11, False), (12, True)])
def test_labels_are_judged_from_four_a_class_on(rows, judged):
    table, X, _, _ = world(rows=rows)
    found = clean(table, vectors=X)
    assert (found.judged is not None) is found.facts["judged"] is judged


def test_copies_do_not_make_labels_enough():
    table, X, _, _ = world(rows=12)
    texts = tuple(f"{table.texts[row // 2]} {row % 2}" for row in range(12))
    labels, pairs = tuple("abc"[row // 2 % 3] for row in range(12)), np.repeat(X[[0, 1, 2, 3, 4, 5]], 2, axis=0)
    assert clean(Table(table.ids, texts, labels), vectors=pairs).judged is None
    assert clean(Table(table.ids, table.texts, labels), vectors=pairs).judged is not None


def test_a_single_class_is_not_judged():
    table, X, _, _ = world()
    found = clean(Table(table.ids, table.texts, ("a",) * 90), classes=LabelSpace(("a", "b")), vectors=X)
    assert found.judged is None
    assert found.facts["wrong_labels"] is None


def test_every_finding_tells_how_far_its_label_is_believed_with_four_digits():
    table, X, _, _ = world(unlabelled=30)
    texts = [*table.texts[:-2], table.texts[39], table.texts[41]]
    texts[0] = texts[41]
    found = clean(Table(table.ids, tuple(texts), table.labels), vectors=X)
    values = dict(zip(found.rows.tolist(), found.judged.values.tolist(), strict=True))
    assert {one.kind for one in found.findings} == {"error", "conflict", "duplicate"}
    for one in found.findings:
        assert one.credibility == (round(values[one.row - 1], 4) if one.row - 1 in values else None)
    assert found.facts["wrong_labels"] == round(1 - float(found.judged.values.mean()), 4)


def test_the_models_of_the_folds_are_told_as_they_come():
    table, X, _, _ = world()
    told = []
    clean(table, vectors=X, progress=lambda stage, done, total: told.append((stage, done, total)))
    assert [one for one in told if one[0] == "held-out models"] == [("held-out models", n, 5) for n in range(6)]


def test_a_tie_between_two_labels_suggests_none_and_a_majority_its_own():
    texts = ("the very same text", "the very same text", "another line of words", "another line of words",
             "another line of words")  # fmt: skip
    table = Table(tuple("01234"), texts, ("a", "b", "b", "b", "a"))
    found = {one.row: one for one in clean(table, vectors=np.eye(5)).findings if one.kind == "conflict"}
    assert found[1].suggestion is None
    assert found[2].suggestion is None
    assert found[5].suggestion == "b"
    assert found[3].suggestion is None


def test_conflicts_and_copies_say_which_row_and_whether_it_is_the_same_text():
    texts = ("the very same text", "The very  same text", "the very same texts", "alone here", "alone  HERE")
    table = Table(tuple("01234"), texts, ("a", "b", "b", "b", "b"))
    told = [(one.kind, one.row, one.reason) for one in clean(table, vectors=np.eye(5)).findings]
    assert told == [
        ("conflict", 1, "row 2 holds the same text under b"),
        ("conflict", 2, "row 1 holds the same text under a"),
        ("conflict", 3, "row 1 holds nearly the same text under a"),
        ("duplicate", 2, "a copy of row 1"),
        ("duplicate", 3, "nearly the same text as row 1"),
        ("duplicate", 5, "a copy of row 4"),
    ]


def test_copies_are_those_that_dedup_finds():
    """Texts of one template that differ in a number stay on one side of a split, but are no copies."""
    texts = (*(f"please look at order number {n} again" for n in range(1, 16)), "Please look at order number 3 again!")
    table = Table(tuple(map(str, range(16))), texts, ("a", "b") * 8)
    copies = [one.row - 1 for one in clean(table, vectors=np.eye(16)).findings if one.kind == "duplicate"]
    assert copies == dedup(table).copies.tolist() == [15]


def test_no_label_at_all_is_refused():
    table = Table(("0",), ("a text",), (None,))
    with pytest.raises(InputError, match="holds no label to look at"):
        clean(table, classes=LabelSpace(("a", "b")), vectors=np.eye(1))
