"""Which row should be labelled next?"""

from modicum.labels.active.margin_query import margin_query

__all__ = ["margin_query"]
