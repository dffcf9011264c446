"""How far tuning moved each layer of the encoder."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup

from modicum.workspace.report.charts.svg import drawing, tag
from modicum.workspace.report.wording import cut, percent

WIDTH, LINE, TOP = 360.0, 24.0, 26.0
LEFT, RIGHT = 150.0, 310.0
MOST = 40
"""Layers that are drawn, those that moved farthest."""


def moved_layers(layers: Sequence[tuple[str, float]]) -> Markup:
    """Draw layers and how far each moved, as a share of the length of its weights; at least one, in their order."""
    if len(layers) > MOST:
        least = sorted((share for _, share in layers), reverse=True)[MOST - 1]
        layers = [one for one in layers if one[1] >= least][:MOST]
    most = max(share for _, share in layers) or 1.0
    body = [tag("text", "change, % of the weights' length", class_="axis-name", x=LEFT, y=14)]
    for i, (name, share) in enumerate(layers):
        y = TOP + LINE * i
        length = (RIGHT - LEFT) * share / most
        told = layer_name(name)
        body.append(
            tag(
                "g",
                tag("title", f"{told} moved by {percent(share, 2)}"),
                tag("text", cut(told, 21), class_="tick end", x=LEFT - 8, y=y + 15),
                tag("rect", class_="bar", x=LEFT, y=y + 3, width=length, height=LINE - 7),
                tag("text", f"{100 * share:.2f}", class_="tick", x=LEFT + length + 6, y=y + 15),
            )
        )
    said = "; ".join(f"{layer_name(name)}: {percent(share, 2)}" for name, share in layers)
    return drawing(WIDTH, TOP + LINE * len(layers) + 4, "How far each layer moved", said, body, kind="moved")


def layer_name(name: str) -> str:
    """A layer's name for readers.

    Example:
        >>> layer_name("encoder.layer.0"), layer_name("embeddings.word_embeddings")
        ('layer 1', 'word embeddings')
    """
    numbered = re.search(r"\.?(\d+)$", name)
    return f"layer {int(numbered[1]) + 1}" if numbered else name.rpartition(".")[2].replace("_", " ")
