"""The fold: undoing leaves no trace, one by one is the same as all at once, classes take their answers along."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from modicum.workspace.loop import fold
from modicum.workspace.loop.events import Event
from modicum.workspace.loop.state import State, follow

NAMES = st.sampled_from(["a", "b", "c", "d"])
PEOPLE = st.sampled_from(["ana", "ben"])
ITEMS = st.lists(st.sampled_from([("0", "x"), ("1", "y"), ("2", "z")]), min_size=1, max_size=2, unique=True).map(tuple)
LABEL = st.builds(
    Event,
    kind=st.just("label"),
    who=PEOPLE,
    items=ITEMS,
    classes=NAMES.map(lambda name: (name,)),
    final=st.booleans(),
)
SETS = st.dictionaries(
    st.sampled_from([("0", "x"), ("1", "y"), ("2", "z")]),
    st.sets(NAMES).map(lambda found: tuple(sorted(found))),
    min_size=1,
).map(lambda sets: {"items": tuple(sets), "sets": tuple(sets.values())})
LABELS = st.builds(lambda who, told: Event("label", who, **told), PEOPLE, SETS)
OTHER = st.builds(Event, kind=st.sampled_from(["unlabel", "skip", "unsure"]), who=PEOPLE, items=ITEMS)
NOTE = st.builds(Event, kind=st.just("note"), who=PEOPLE, items=ITEMS, text=st.sampled_from(["", "odd"]))
TWO = st.lists(NAMES, min_size=2, max_size=3, unique=True).map(tuple)
ADDED = st.builds(Event, kind=st.just("class_added"), who=PEOPLE, classes=NAMES.map(lambda name: (name,)))
MERGED = st.builds(Event, kind=st.just("class_merged"), who=PEOPLE, classes=TWO)
RENAMED = st.builds(Event, kind=st.just("class_renamed"), who=PEOPLE, classes=TWO.map(lambda names: names[:2]))
CHANGE = st.one_of(ADDED, RENAMED, MERGED)
ANY = st.one_of(LABEL, LABELS, OTHER, NOTE, CHANGE)


def numbered(events):
    return [replace(event, n=place) for place, event in enumerate(events, start=1)]


def seen(state):
    """Everything that can be told of a state, by names instead of numbers."""
    said = {
        item: {w: (a.kind, tuple(state.names[k] for k in state.labels(a)), a.n) for w, a in answers.items()}
        for item, answers in state.answers.items()
        if answers
    }
    return (
        list(state.names.values()),
        said,
        state.removed,
        state.notes,
        {who: state.undoable(who) for who in ("ana", "ben")},
    )


@given(st.lists(ANY, max_size=12), ANY)
def test_what_is_undone_leaves_no_trace(events, one):
    before = numbered(events)
    after = numbered([*events, one, Event("undo", one.who, of=len(events) + 1)])
    assert seen(fold(after)) == seen(fold(before))


@given(st.lists(ANY, max_size=12), st.data())
def test_one_by_one_is_the_same_as_all_at_once(events, data):
    state, told = State(), []
    for event in events:
        told = numbered([*told, event])
        state = follow(state, told)
        if data.draw(st.booleans()) and (last := state.undoable("ana")):
            told = numbered([*told, Event("undo", "ana", of=last)])
            state = follow(state, told)
    assert seen(state) == seen(fold(told))


@given(st.lists(ANY, max_size=12))
def test_undoing_everything_leaves_nothing(events):
    told = numbered(events)
    for who in ("ana", "ben"):
        while (last := fold(told).undoable(who)) is not None:
            told = numbered([*told, Event("undo", who, of=last)])
    assert seen(fold(told)) == ([], {}, set(), {}, {"ana": None, "ben": None})


@given(st.lists(ANY, max_size=12))
def test_no_two_classes_have_one_name(events):
    names = list(fold(numbered(events)).names.values())
    assert len(names) == len(set(names))


@given(st.lists(ANY, max_size=12))
def test_every_standing_label_is_a_class_that_there_is(events):
    state = fold(numbered(events))
    for answers in state.answers.values():
        for answer in answers.values():
            assert set(state.labels(answer)) <= set(state.names)


def test_a_merged_and_renamed_class_takes_its_answers_along():
    item = ("0", "x")
    told = [
        Event("opened", classes=("a", "b")),
        Event("label", "ana", items=(item,), classes=("a",)),
        Event("class_merged", "ana", classes=("a", "b")),
        Event("class_renamed", "ana", classes=("b", "both")),
    ]
    state = fold(numbered(told))
    assert list(state.names.values()) == ["both"]
    assert state.labels(state.answers[item]["ana"]) == (state.number("a"),) == (state.number("both"),)


@given(st.lists(st.one_of(ADDED, ADDED, LABEL, MERGED), min_size=3, max_size=12), st.data())
def test_undoing_the_adding_of_a_class_gives_its_number_to_no_other(events, data):
    told = numbered(events)
    before = fold(told).names
    for added in data.draw(st.lists(st.sampled_from(told), max_size=2)):
        if added.kind == "class_added":
            told = numbered([*told, Event("undo", added.who, of=added.n)])
    after = fold(told).names
    assert all(before[number] == after[number] for number in before.keys() & after.keys())


def history(plan):
    """Events that a page can lead to, and the number of the class that each item was labelled as."""
    told, numbers = numbered([Event("opened", classes=("a", "b"))]), {}
    for place, (kind, pick, other) in enumerate(plan):
        state = fold(told)
        names = list(state.names.values())
        name, fresh = names[pick % len(names)], f"new {place}"
        if kind == "label":
            item = (str(place), "x")
            numbers[item] = state.number(name)
            event = Event("label", "ben", items=(item,), classes=(name,))
        elif kind == "class_merged":
            event = Event(kind, "ana", classes=(name, names[other % len(names)]))
        else:
            event = Event(kind, "ana", classes=(fresh,) if kind == "class_added" else (name, fresh))
        told = numbered([*told, event])
    return told, numbers


KINDS = st.sampled_from(["label", "label", "class_added", "class_renamed", "class_renamed", "class_merged"])


@given(st.lists(st.tuples(KINDS, st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=12), st.data())
def test_undoing_a_new_name_leaves_every_label_with_its_class(plan, data):
    told, numbers = history(plan)
    undone = data.draw(st.sets(st.sampled_from([event.n for event in told if event.kind == "class_renamed"] or [0])))
    state = fold(numbered([*told, *(Event("undo", "ana", of=number) for number in sorted(undone - {0}))]))
    for item, number in numbers.items():
        assert state.labels(state.answers[item]["ben"]) == (state.current(number),)


def test_labels_given_under_a_name_that_is_taken_back_stay_with_their_class():
    told = [
        Event("opened", classes=("food", "sport")),
        Event("class_renamed", "ana", classes=("food", "meals")),
        Event("label", "ben", items=(("0", "t"),), classes=("meals",)),
        Event("class_added", "ben", classes=("music",)),
        Event("undo", "ana", of=2),
    ]
    state = fold(numbered(told))
    assert state.names == {0: "food", 1: "sport", 2: "music"}
    assert state.labels(state.answers[("0", "t")]["ben"]) == (0,)
    again = fold(numbered([*told, Event("class_added", "eve", classes=("meals",))]))
    assert again.names == {0: "food", 1: "sport", 2: "music", 3: "meals"}


def test_a_class_that_is_added_again_has_its_number_again():
    told = [
        Event("opened", classes=("a",)),
        Event("class_added", "ana", classes=("x",), text="first"),
        Event("class_added", "ben", classes=("y",)),
        Event("undo", "ana", of=2),
    ]
    assert fold(numbered(told)).names == {0: "a", 2: "y"}
    label = Event("label", "ben", items=(("0", "t"),), classes=("x",))
    assert fold(numbered([told[0], told[1], label, told[2], told[3]])).names == {0: "a", 1: "x", 2: "y"}
    more = numbered([*told, Event("class_added", "ben", classes=("z",)), Event("class_added", "ana", classes=("x",))])
    assert fold(more).names == {0: "a", 2: "y", 3: "z", 1: "x"}
    assert fold(more).descriptions == {}


def test_a_class_keeps_its_description_until_another_is_given():
    told = [
        Event("class_added", "ana", classes=("a",), text="what is eaten"),
        Event("class_renamed", "ana", classes=("a", "food")),
        Event("class_added", "ana", classes=("food",)),
    ]
    assert fold(numbered(told)).descriptions == {0: "what is eaten"}
    told.append(Event("class_added", "ana", classes=("food",), text="meals"))
    assert fold(numbered(told)).descriptions == {0: "meals"}


def test_an_old_class_file_finds_renamed_classes_again():
    told = [
        Event("opened", classes=("a", "b")),
        Event("class_renamed", "ana", classes=("a", "alpha")),
        Event("opened", classes=("a", "b")),
    ]
    assert list(fold(numbered(told)).names.values()) == ["alpha", "b"]


def test_a_name_means_what_it_stood_for_at_first_or_else_what_has_it_now():
    told = [
        Event("opened", classes=("a", "b")),
        Event("class_renamed", "ana", classes=("a", "alpha")),
        Event("class_renamed", "ana", classes=("b", "a")),
        Event("class_added", "ana", classes=("c",)),
    ]
    state = fold(numbered(told))
    assert [state.meant(name) for name in ("a", "b", "c", "alpha", "d")] == [0, 1, 2, 0, None]
    assert state.number("a") == 1


def test_several_classes_are_merged_at_once():
    told = [Event("opened", classes=("a", "b", "c", "d")), Event("class_merged", "ana", classes=("a", "b", "d"))]
    state = fold(numbered(told))
    assert state.names == {2: "c", 3: "d"}
    assert [state.number(name) for name in "abcd"] == [3, 3, 2, 3]


def test_an_old_name_can_be_given_to_a_new_class():
    told = [
        Event("opened", classes=("a",)),
        Event("class_renamed", "ana", classes=("a", "alpha")),
        Event("class_added", "ana", classes=("a",)),
    ]
    state = fold(numbered(told))
    assert list(state.names.values()) == ["alpha", "a"]
    assert state.number("a") != state.number("alpha")


def test_a_settled_answer_and_a_removed_label_silence_earlier_ones():
    item = ("0", "x")
    label = Event("label", "ben", items=(item,), classes=("a",))
    settled = fold(numbered([label, Event("label", "ana", items=(item,), classes=("b",), final=True)]))
    assert list(settled.answers[item]) == ["ana"]
    removed = fold(numbered([label, Event("unlabel", "ana", items=(item,))]))
    assert removed.answers[item]["ana"].kind == "unlabel"
    assert list(removed.answers[item]) == ["ana"]


def test_one_answer_can_leave_items_with_different_sets_of_labels():
    items = (("0", "x"), ("1", "y"), ("2", "z"))
    told = Event("label", "ana", items=items, classes=("b",), sets=(("a", "b"), ("b",), ()))
    state = fold(numbered([Event("opened", classes=("a", "b")), told]))
    assert [state.labels(state.answers[item]["ana"]) for item in items] == [(0, 1), (1,), ()]
    assert seen(fold([*numbered([told]), Event("undo", "ana", of=1, n=2)]))[1] == {}
