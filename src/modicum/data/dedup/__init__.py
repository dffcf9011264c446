"""Which rows say the same?"""

from modicum.core.texts import normal_form
from modicum.data.dedup.copies import kept_rows, text_copies
from modicum.data.dedup.edited import edited_copies
from modicum.data.dedup.exact import conflicts, exact_duplicates
from modicum.data.dedup.files import file_duplicates
from modicum.data.dedup.index import CopyIndex, load_index
from modicum.data.dedup.linking import joined
from modicum.data.dedup.near import near_duplicates
from modicum.data.dedup.vectors import nearest_stored, vector_duplicates

__all__ = [
    "CopyIndex",
    "conflicts",
    "edited_copies",
    "exact_duplicates",
    "file_duplicates",
    "joined",
    "kept_rows",
    "load_index",
    "near_duplicates",
    "nearest_stored",
    "normal_form",
    "text_copies",
    "vector_duplicates",
]
