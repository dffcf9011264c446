"""Tags as tasks: each tag of a reader is learnt from its few papers, and says which others it fits, and why."""

from modicum.workspace.feed.tags.background import TagFitter
from modicum.workspace.feed.tags.suggesting import TagSuggestions, suggest_for_tag
from modicum.workspace.feed.tags.task import Tag, fit_tag, forget_tags

__all__ = ["Tag", "TagFitter", "TagSuggestions", "fit_tag", "forget_tags", "suggest_for_tag"]
