"""Folders of images: a sub-folder is a class, its images are labelled, the others are not."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from modicum.core.arrays import chunks
from modicum.core.errors import InputError
from modicum.core.records import ImageFile, Table

ENDINGS = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff"),
    *(".ppm", ".pgm", ".pbm", ".jp2", ".j2k", ".avif", ".ico"),
)
"""Endings of the files that are taken; other files in a folder are left alone."""
NO_CLASS = "_"
"""Beginning of a sub-folder's name that is no class."""
COLUMN, LABEL = "image", "label"


def is_images(source: object) -> bool:
    """Whether a source is a folder, or one image."""
    if not isinstance(source, (str, Path)) or str(source) == "-":
        return False
    path = Path(source)
    return path.is_dir() or (path.suffix.lower() in ENDINGS and path.is_file())


def image_tables(source: str | Path, rows: int) -> Iterator[Table]:
    """Yield the images of a folder, in order of their names, `rows` at a time; or a single image.

    The first folder below the source is the label of all that lies in it, however deep. Images at the top are
    unlabelled, and so are those in folders whose names begin with `_`. Hidden files and folders are left alone.

    Raises:
        InputError: The folder holds no image.
    """
    root = Path(source)
    names = _names(root) if root.is_dir() else [""]
    if not names:
        raise _without_images(root)
    for part in chunks(len(names), rows):
        yield _table(root, names[part])


def check_images(source: str | Path) -> None:
    """Let a folder pass that holds an image.

    Raises:
        InputError: It holds none.
    """
    if Path(source).is_dir() and not _names(Path(source)):
        raise _without_images(source)


def _without_images(folder: str | Path) -> InputError:
    return InputError(
        f"{folder} is a folder without images; give the file of a table, or a folder of {', '.join(ENDINGS)}"
    )


def image_files(names: Sequence[str], source: str, column: str, offset: int = 0) -> tuple[ImageFile, ...]:
    """The files that a table's column names, relative to the table's own folder.

    Raises:
        InputError: A file is not there.
    """
    root = Path(source).parent if Path(source).is_file() else Path()
    return tuple(_file(root, name, f"{source}, row {row + 1}", column) for row, name in enumerate(names, start=offset))


def _file(root: Path, name: str, where: str, column: str) -> ImageFile:
    if not name.strip():
        raise InputError(f"{where}: column {column!r} is empty; give every row an image file, or remove the row")
    path = root / name
    try:
        there = path.is_file()
    except OSError:  # such as a name that is too long
        there = False
    if not there:
        raise InputError(f"{where}: there is no image file {path}; names are relative to the folder of the table")
    return ImageFile(str(path), where)


def _names(root: Path) -> list[str]:
    """Names of all images under a folder, relative to it, with slashes."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        taken = [name for name in files if Path(name).suffix.lower() in ENDINGS and not name.startswith(".")]
        found += [(Path(folder) / name).relative_to(root).as_posix() for name in taken]
    return sorted(found)


def _table(root: Path, names: list[str]) -> Table:
    files = tuple(ImageFile(str(root / name)) for name in names)
    # Names of files are bytes, which need not be text.
    shown = tuple(os.fsencode(name or root.name).decode("utf-8", "backslashreplace") for name in names)
    labels = tuple(_label(name) for name in shown)
    return Table(shown, shown, labels, str(root), COLUMN, columns={LABEL: labels}, images=files)


def _label(name: str) -> str | None:
    parts = PurePosixPath(name).parts
    return parts[0] if len(parts) > 1 and not parts[0].startswith(NO_CLASS) else None
