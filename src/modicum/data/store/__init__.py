"""Tables with their vectors, labels and versions in LanceDB; needs the extra `store`."""

from modicum.data.store.layout import ROW, VECTOR, Layout
from modicum.data.store.opening import (
    LanceStore,
    NumberedVectors,
    create_store,
    find_store,
    is_store,
    keep_table,
    numbered_vectors,
    open_store,
)
from modicum.data.store.place import Place
from modicum.data.store.writing import one_writer

__all__ = [
    "ROW",
    "VECTOR",
    "LanceStore",
    "Layout",
    "NumberedVectors",
    "Place",
    "create_store",
    "find_store",
    "is_store",
    "keep_table",
    "numbered_vectors",
    "one_writer",
    "open_store",
]
