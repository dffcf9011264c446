"""Items in: tables of every usual kind, folders of images, class files, and the built-in table."""

from modicum.data.read.builtin import builtin, declared_classes
from modicum.data.read.classes import label_space, read_classes
from modicum.data.read.images import is_images
from modicum.data.read.partitions import Partition, is_file_of_rows, partitions
from modicum.data.read.sampling import sample
from modicum.data.read.several import check_separator
from modicum.data.read.sources import bare_name, is_pipe
from modicum.data.read.tables import read, stream
from modicum.data.read.targets import (
    indicators,
    label_matrix,
    no_label_hint,
    number_column,
    numeric_hint,
    parted,
    several_hint,
)

__all__ = [
    "Partition",
    "bare_name",
    "builtin",
    "check_separator",
    "declared_classes",
    "indicators",
    "is_file_of_rows",
    "is_images",
    "is_pipe",
    "label_matrix",
    "label_space",
    "no_label_hint",
    "number_column",
    "numeric_hint",
    "parted",
    "partitions",
    "read",
    "read_classes",
    "sample",
    "several_hint",
    "stream",
]
