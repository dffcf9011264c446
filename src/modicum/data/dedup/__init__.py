"""Which rows say the same?"""

from modicum.data.dedup.exact import conflicts, exact_duplicates

__all__ = ["conflicts", "exact_duplicates"]
