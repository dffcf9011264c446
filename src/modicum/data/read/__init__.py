"""Items in: tables of every usual kind, folders of images, class files, and the built-in table."""

from modicum.data.read.builtin import builtin
from modicum.data.read.classes import label_space, read_classes
from modicum.data.read.images import is_images
from modicum.data.read.sources import is_pipe
from modicum.data.read.tables import read, stream

__all__ = ["builtin", "is_images", "is_pipe", "label_space", "read", "read_classes", "stream"]
