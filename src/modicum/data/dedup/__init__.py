"""Which rows say the same?"""

from modicum.data.dedup.exact import conflicts, exact_duplicates, normal_form
from modicum.data.dedup.files import file_duplicates
from modicum.data.dedup.near import near_duplicates

__all__ = ["conflicts", "exact_duplicates", "file_duplicates", "near_duplicates", "normal_form"]
