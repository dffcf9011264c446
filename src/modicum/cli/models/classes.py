"""`modicum classes`: list a bundle's classes, or change them without fitting the rest again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import out, print_json, print_table
from modicum.core.errors import InputError

if TYPE_CHECKING:
    from modicum.workspace import Bundle


def classes(
    bundle: options.BUNDLE,
    add: Annotated[str | None, typer.Option("--add", metavar="NAME", help="Add this class, from --examples.")] = None,
    examples: Annotated[
        str | None, typer.Option("--examples", metavar="TABLE", help="Table whose rows all are of the new class.")
    ] = None,
    text: options.TEXT = None,
    vectors: options.VECTORS = None,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What the new class is, in a sentence.")
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option("--rename", metavar="OLD=NEW", help="Give a class another name; repeatable.")
    ] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="NAME", help="Remove a class; repeatable.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder of the changed bundle; it may be BUNDLE itself.")
    ] = None,
    json: options.JSON = False,
) -> None:
    """List a bundle's classes, or add, rename and remove classes without fitting the others again.

    Example: modicum classes intents --add refund --examples refunds.csv --out intents2
    """
    found = modicum.load(bundle)
    if add is None and (examples, vectors, description) != (None, None, None):
        raise InputError("--examples, --vectors and --description belong to a new class; name it with --add")
    changing = bool(add is not None or rename or remove)
    if changing and folder is None:
        raise InputError(f"say with --out where the changed bundle goes; --out {bundle} changes it in place")
    if changing and folder is not None:
        modicum.workspace.check_bundle_place(folder)
    if remove:
        found = modicum.workspace.remove_classes(found, remove)
    if rename:
        found = modicum.workspace.rename_classes(found, _renamed(rename, found.classes))
    if add is not None:
        found = _with_class(found, add, examples, text=text, vectors=vectors, description=description)
    if changing and folder is not None:
        found.save(folder)
    _show(found, folder if changing else None, json)


def _renamed(pairs: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """New names by old ones; a name may hold `=` itself."""
    out = {}
    for pair in pairs:
        cuts = [place for place, sign in enumerate(pair) if sign == "="]
        cut = next((place for place in cuts if pair[:place] in known), cuts[0] if cuts else None)
        if cut is None or not pair[cut + 1 :].strip():
            raise InputError(f"--rename {pair!r} does not say old and new name; write OLD=NEW")
        out[pair[:cut]] = pair[cut + 1 :]
    return out


def _with_class(
    bundle: Bundle, name: str, examples: str | None, *, text: str | None, vectors: Path | None, description: str | None
) -> Bundle:
    if examples is None:
        raise InputError(f"the class {name!r} is learnt from examples; give a table of them with --examples")
    table = modicum.data.read(examples, text=text)
    given = modicum.encoders.read_vectors(vectors, len(table), table.ids) if vectors else None
    return modicum.workspace.add_class(bundle, name, examples=table.content, vectors=given, description=description)


def _show(bundle: Bundle, folder: Path | None, json: bool) -> None:
    space, counts = bundle.model.space, bundle.report.get("data", {}).get("class_counts", {})
    rows: list[dict[str, Any]] = [{"class": name, "labelled": counts.get(name)} for name in space.names]
    if space.descriptions:
        rows = [{**row, "description": said} for row, said in zip(rows, space.descriptions, strict=True)]
    changed, added = bundle.report.get("changed_classes", []), bundle.report.get("added_classes", [])
    if json:
        print_json({"bundle": folder and str(folder), "classes": rows, "changed": changed, "added": added})
        return
    if folder is None:
        print_table([{k: "" if v is None else str(v) for k, v in row.items()} for row in rows], right=("labelled",))
        return
    out().print(" ".join(bundle.report["grounds"][-1:]), soft_wrap=True, markup=False)
    out().print(f"{len(rows)} classes written to {folder}", soft_wrap=True, markup=False)
