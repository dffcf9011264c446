"""Classes of a bundle added, renamed or removed, without fitting the rest again."""

from modicum.workspace.classes.adding import add_class
from modicum.workspace.classes.changing import remove_classes, rename_classes

__all__ = ["add_class", "remove_classes", "rename_classes"]
