"""Papers in: feeds, interfaces, reference lists, tables and saved pages, all as the same entries."""

from modicum.data.read.feeds.client import Answer, Limits, Unreachable, fetch
from modicum.data.read.feeds.entry import Entry, iso_date, make_entry
from modicum.data.read.feeds.identifiers import identifiers_in
from modicum.data.read.feeds.reading import Told, kind_of_type, papers_files, read_entries

__all__ = [
    "Answer",
    "Entry",
    "Limits",
    "Told",
    "Unreachable",
    "fetch",
    "identifiers_in",
    "iso_date",
    "kind_of_type",
    "make_entry",
    "papers_files",
    "read_entries",
]
