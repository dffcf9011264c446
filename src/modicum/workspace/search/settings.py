"""What a user may turn in a search, beside the table and the query."""

from __future__ import annotations

from dataclasses import dataclass

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.vectors.search.edited_query import METHODS as EDITS
from modicum.vectors.search.rank_fusion import METHODS as FUSIONS

MODES = ("hybrid", "dense", "lexical")


@dataclass(frozen=True)
class SearchSettings:
    """What a user may turn, beside the table and the query."""

    mode: str = "hybrid"
    """`hybrid`: words and vectors; `dense`: vectors alone; `lexical`: words alone, for which nothing is encoded."""
    fusion: str = "ranks"
    """How the lists are made one: `ranks` (reciprocal, equal weights and k = 60 as in its paper) or `scores` (vectors
    0.8, words 0.2)."""
    edit: str = "project"
    """How what is not wanted is taken out of a query vector: `project` or `subtract`."""
    rerank: int = 0
    """Rows that are ranked again by their best passages; 0 for none."""
    language: str = "english"
    """Language whose words are stemmed; `none` compares them as they are written."""
    encoder_mode: str = "exact"
    """`exact`, `fast` or `static`."""
    threads: int | None = None
    """Threads for encoding; default all cores."""

    def __post_init__(self) -> None:
        check_choice(self.mode, MODES, "mode")
        check_choice(self.fusion, FUSIONS, "method of fusion")
        check_choice(self.edit, EDITS, "method of editing")
        if self.rerank < 0:
            raise InputError(f"the number of rows to rank again must be at least 0, not {self.rerank}")
        if self.rerank and self.mode == "lexical":
            raise InputError("ranking again needs the encoder, which mode 'lexical' does without; take another mode")
