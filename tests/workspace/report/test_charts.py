"""Charts: coordinates that can be worked out by hand, labels that never overlap, and what happens at the edges."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modicum.workspace.report.charts import (
    Expected,
    Measured,
    RecipePoint,
    class_key,
    cost_quality,
    dendrogram,
    dumbbell,
    histogram,
    item_map,
    learning_curve,
    moved_layers,
    reliability,
    sparkline,
)
from modicum.workspace.report.charts.item_map import class_hues
from modicum.workspace.report.charts.labels import Box, place_labels
from modicum.workspace.report.charts.svg import Scale, log_ticks, tag, ticks


def elements(markup, name, **wanted):
    """Elements of a chart by tag and attributes; parsing also proves that it is well-formed."""
    return [e for e in ElementTree.fromstring(markup).iter(name) if all(e.get(k) == v for k, v in wanted.items())]


def numbers(element, *keys):
    return tuple(float(element.get(key)) for key in keys)


def test_text_and_attributes_are_escaped():
    made = tag("a", "<b>", title="\"<&>'", x=None)
    assert made == '<a title="&#34;&lt;&amp;&gt;&#39;">&lt;b&gt;</a>'
    assert tag("g", made) == f"<g>{made}</g>"


def test_scales_meet_their_ends_and_middles():
    assert [Scale(0, 10, 100, 0)(v) for v in (0, 5, 10)] == [100, 50, 0]
    assert [Scale(0.01, 100, 0, 40, log=True)(v) for v in (0.01, 1, 100)] == pytest.approx([0, 20, 40])


@given(st.floats(-1e3, 1e3), st.floats(1e-4, 1e3), st.integers(3, 9))
@example(0, 6, 6)
@example(0, 1, 5)
def test_ticks_are_inside_round_and_few(low, span, most):
    found = ticks(low, low + span, most)
    assert 1 <= len(found) <= most
    assert all(low - 1e-6 * span <= t <= low + span * (1 + 1e-6) for t in found)
    gaps = np.diff(found)
    assert np.allclose(gaps, gaps[:1], rtol=1e-6)


@given(st.floats(1e-4, 1e3), st.floats(2.2, 1e6))
def test_log_ticks_are_inside_and_few(low, ratio):
    found = log_ticks(low, low * ratio)
    assert 1 <= len(found) <= 11
    assert all(0.99 * low <= t <= 1.01 * low * ratio for t in found)


def test_cost_quality_of_three_recipes():
    points = [
        RecipePoint("a", 0.1, 0.5, 0.1),
        RecipePoint("b", 1.0, 0.7, None, member=True),
        RecipePoint("c", 10.0, 0.9, 0.1, chosen=True),
    ]
    chart = cost_quality(points)
    (disc,) = elements(chart, "circle")
    x, y = numbers(disc, "cx", "cy")
    shapes = [e.get("d") for e in elements(chart, "path") if e.get("class").startswith("point")]
    middle, star = [tuple(map(float, re.match(r"M(\S+) ([\d.]+)m", d).groups())) for d in shapes]
    assert middle[0] - x == pytest.approx(star[0] - middle[0], abs=0.2), "a decade is as wide as the next one"
    assert y - middle[1] == pytest.approx(middle[1] - star[1], abs=0.2), "20 points are as high as the next 20"
    assert x < middle[0] < star[0]
    assert y > middle[1] > star[1]
    assert len(elements(chart, "path", **{"class": "interval"})) == 1
    assert len(elements(chart, "path", **{"class": "interval chosen"})) == 1
    titles = [e.text for e in elements(chart, "title")]
    assert titles[1:] == [
        "a: 50.0\u202f±\u202f10.0\u202f% in 100\u202fms",
        "b: part of what was shipped, 70.0\u202f% in 1.0\u202fs",
        "c: shipped, 90.0\u202f±\u202f10.0\u202f% in 10.0\u202fs",
    ]


def test_frontier_joins_what_nothing_cheaper_matches():
    points = [RecipePoint(n, s, a) for n, s, a in (("a", 1, 0.5), ("b", 2, 0.4), ("c", 3, 0.6), ("d", 4, 0.6))]
    (line,) = elements(cost_quality(points), "path", **{"class": "frontier"})
    assert line.get("d").count("V") == 1, "one step, from a to c"


@pytest.mark.parametrize("width", [360, 860])
def test_one_recipe_and_many_equal_ones_can_be_drawn(width):
    assert len(elements(cost_quality([RecipePoint("a", 1, 1.0)], width=width), "circle")) == 1
    assert len(elements(cost_quality([RecipePoint("a", 1, 0.0, 0.0)] * 30, width=width), "circle")) == 30


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300), st.integers(1, 30)), max_size=25))
def test_labels_overlap_neither_each_other_nor_a_point_nor_the_edge(told):
    bounds = Box(0, 0, 400, 300)
    points = [(x, y) for x, y, _ in told]
    placed = [b for b in place_labels(["n" * k for *_, k in told], points, bounds) if b]
    for i, box in enumerate(placed):
        assert bounds.holds(box)
        assert not any(box.meets(other) for other in placed[:i])
        assert not any(box.meets(Box(x - 8, y - 8, 16, 16)) for x, y in points)


def test_a_label_gives_way_to_a_bar_but_not_for_ever():
    bounds, points = Box(0, 0, 400, 300), [(5, 100)]
    (free,) = place_labels(["name"], points, bounds)
    (moved,) = place_labels(["name"], points, bounds, [Box(20, 95, 300, 10)])
    (crossing,) = place_labels(["name"], points, bounds, [Box(20, 0, 8, 300)])
    assert (free.y, crossing.y) == (92, 92)
    assert abs(moved.y - free.y) == 16


def test_learning_curve_draws_measured_points_and_a_forecast_of_its_own():
    forecast = [Expected(300, 0.7, 0.6, 0.8), Expected(400, 0.7, 0.7, 0.7)]
    chart = learning_curve([Measured(100, 0.5, 0.1), Measured(200, 0.6)], forecast, 200)
    discs = [numbers(c, "cx", "cy") for c in elements(chart, "circle", **{"class": "point"})]
    ring, last = (numbers(c, "cx", "cy") for c in elements(chart, "circle", **{"class": "ring"}))
    assert discs[1][0] - discs[0][0] == pytest.approx(ring[0] - discs[1][0], abs=0.2), "100 labels are as wide as 100"
    assert discs[0][1] - discs[1][1] == pytest.approx(discs[1][1] - ring[1], abs=0.2), "10 points are as high as 10"
    dashes, band = (elements(chart, "path", **{"class": name})[0].get("d") for name in ("expected", "band"))
    assert dashes == "M{:g} {:g}L{:g} {:g}".format(*ring, *last)
    ends = [tuple(map(float, place.split())) for place in band[1:-1].split("L")]
    assert ends[1] == ends[2] == last, "a band without width ends in its point"
    assert ring[1] - ends[0][1] == pytest.approx(ends[3][1] - ring[1], abs=0.2)
    (now,) = elements(chart, "line", **{"class": "now"})
    assert numbers(now, "x1", "x2") == (discs[1][0], discs[1][0])
    assert len(elements(chart, "path", **{"class": "interval"})) == 1
    assert [e.text.replace("\u202f", " ") for e in elements(chart, "title")][1:] == [
        "300 labels: 70.0 % to be expected, 60.0 to 80.0 %",
        "400 labels: 70.0 % to be expected, 70.0 to 70.0 %",
        "100 labels: 50.0 ± 10.0 %, measured",
        "200 labels: 60.0 %, measured",
    ]


SHARE = st.floats(0, 1)


@settings(max_examples=40)
@given(
    st.lists(st.builds(Measured, st.integers(0, 10**6), SHARE, st.none() | SHARE), max_size=8),
    st.lists(st.builds(Expected, st.integers(1, 10**6), SHARE, SHARE, SHARE), min_size=1, max_size=8),
    st.none() | st.integers(0, 10**6),
    st.sampled_from([360, 860]),
)
def test_learning_curves_of_any_kind_stay_inside(measured, expected, now, width):
    by_labels = [sorted(points, key=lambda p: p.labels) for points in (measured, expected)]
    for circle in elements(learning_curve(*by_labels, now, width=width), "circle"):
        x, y = numbers(circle, "cx", "cy")
        assert 46 <= x <= width - 14
        assert 46 <= y <= 296


def test_reliability_at_the_corners_and_the_middle():
    bins = [
        {"confidence": 0, "accuracy": 1, "count": 50},
        {"confidence": 0.5, "accuracy": 0.5, "count": 100},
        {"confidence": 1, "accuracy": 0, "count": 0},
    ]
    chart = reliability(bins, "before")
    assert [numbers(c, "cx", "cy") for c in elements(chart, "circle")] == [(40, 26), (184, 142), (328, 258)]
    assert [float(b.get("height")) for b in elements(chart, "rect")] == [28, 56, 0]
    assert elements(chart, "title")[2].text == "100 items: confidence 50.0\u202f%, right 50.0\u202f%"


def test_histogram_of_two_sizes():
    chart = histogram({1: 30, 3: 10})
    assert [numbers(b, "x", "y", "height") for b in elements(chart, "rect")] == [
        (19.3, 46, 154), (100.3, 200, 0), (181.3, 148.7, 51.3),
    ]  # fmt: skip
    assert [t.text for t in elements(chart, "text")] == [
        "share of the items, %", "75", "1", "0", "2", "25", "3", "classes in the set",
    ]  # fmt: skip


@given(st.dictionaries(st.integers(0, 1000), st.integers(0, 10_000), min_size=1))
def test_histogram_loses_no_item(sizes):
    told = elements(histogram(sizes), "desc")[0].text
    assert sum(int(n.replace("\u202f", "")) for n in re.findall(r": ([\d\u202f]+)", told)) == sum(sizes.values())
    assert len(elements(histogram(sizes), "rect")) <= 10


def test_dumbbell_ends():
    chart = dumbbell(0.0, 0.4, 0.4)
    assert [float(c.get("cx")) for c in elements(chart, "circle")] == [8, 192]
    assert numbers(elements(chart, "line", **{"class": "rod"})[0], "x1", "x2") == (8, 192)


def point(x, y, k, *, labelled=False, text="t"):
    return {"x": x, "y": y, "class": k, "labelled": labelled, "id": f"{x},{y}", "text": text}


def test_map_keeps_proportions_and_puts_labelled_items_on_top():
    corners = [point(0, 0, 0, labelled=True), point(2, 1, 1), point(1, 0.5, 1)]
    chart = item_map(corners, [str(i) for i in range(13)])
    places = [numbers(c, "cx", "cy") for c in elements(chart, "circle")]
    assert places == [(846, 92), (430, 300), (14, 508)]
    assert [g.get("class") for g in elements(chart, "g")] == ["unlabelled", "hue", "labelled", "hue"]


def test_map_of_few_classes_has_a_shape_for_each_and_the_legend_has_the_same():
    chart = item_map([point(i, 0, i) for i in range(12)], [f"c{i}" for i in range(12)])
    shapes = [re.sub(r"M\S+ [\d.]+", "", e.get("d")) for e in elements(chart, "path")]
    signs = {(g.get("class"), shape) for g, shape in zip(elements(chart, "g")[1:], shapes, strict=False)}
    assert len(signs) == 12
    assert len(set(shapes)) == 6
    assert not any(re.search(r"\d{2}", shape) for shape in shapes), "two numbers of one digit run together"
    assert len({class_key(i) for i in range(12)}) == 12


def test_one_point_or_equal_points_stand_in_the_middle():
    chart = item_map([point(3, 3, 0), point(3, 3, 0)], [str(i) for i in range(13)])
    assert [numbers(c, "cx", "cy") for c in elements(chart, "circle")] == [(430, 300)] * 2


def test_a_class_that_is_not_named_is_drawn_without_a_name():
    assert "–" in item_map([point(0, 0, 7)], ["a"])


@given(st.floats(0, 360), st.floats(0.5, 10))
def test_neighbours_have_similar_hues(angle, radius):
    turn = np.deg2rad([angle, angle + 4, angle + 180, angle + 184])
    points = [point(radius * np.cos(a), radius * np.sin(a), k) for k, a in enumerate(turn)]
    hues = class_hues(points)
    apart = [(hues[k] - hues[0] + 180) % 360 - 180 for k in range(4)]
    assert abs(apart[1]) <= 10
    assert abs(apart[2]) >= 170


def test_dendrogram_draws_one_branch_a_merge_and_no_crossing():
    chart = dendrogram(["a", "<b>", "c"], [5, 3, 2], [[0, 2, 0.5, 7], [1, 3, 1.0, 10]])
    assert chart.count('class="branch"') == 2
    assert "<b>" not in chart
    places = [chart.index(f">{name}</text>") for name in ("&lt;b&gt;", "a", "c")]
    assert places == sorted(places), "leaves that merge first stand side by side"
    assert "10 rows" in chart


def test_sparkline_of_one_value_and_of_zeros():
    assert sparkline([0.3], 0.3).count("<circle") == 1
    assert "nan" not in sparkline([0.0, 0.0], 0.0)


def test_map_names_classes_where_there_is_room():
    chart = item_map([point(i, j, 0) for i in (0, 4) for j in (0, 4)], ["money"], unlabelled="topic", named=True)
    assert 'class="label mid"' in chart
    assert "money (topic)" in chart


def test_bars_of_moved_layers_are_as_long_as_the_layers_moved():
    made = moved_layers([("embeddings.word_embeddings", 0.0), ("encoder.layer.0", 0.01), ("encoder.layer.1", 0.02)])
    lengths = [float(bar.get("width")) for bar in elements(made, "rect")]
    assert lengths == [0, 80, 160]
    told = "".join(text.text for text in elements(made, "text"))
    assert "word embeddings" in told
    assert "layer 20.00" not in told
    assert "2.00" in told


def test_of_very_many_layers_those_that_moved_farthest_are_drawn_in_order():
    layers = [(f"encoder.layer.{number}", (number * 7 % 50) / 100) for number in range(50)]
    made = moved_layers(layers)
    names = [text.text for text in elements(made, "text") if text.text.startswith("layer")]
    assert len(names) == 40
    assert names == sorted(names, key=lambda name: int(name.removeprefix("layer ")))
    assert len(elements(moved_layers([("a", 0.0)]), "rect")) == 1
