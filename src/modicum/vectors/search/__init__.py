"""Which rows are most like what is asked for, by several lists, less what is not wanted, and at a second look?"""

from modicum.vectors.search.edited_query import edited_query
from modicum.vectors.search.rank_fusion import rank_fusion
from modicum.vectors.search.ranked import ranked
from modicum.vectors.search.rerank import Reranked, rerank

__all__ = ["Reranked", "edited_query", "rank_fusion", "ranked", "rerank"]
