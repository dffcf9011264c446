"""`modicum classes`: list a bundle's classes, or change them without fitting the rest again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import modicum
from modicum.cli import options
from modicum.cli.console import err, out, print_json, print_table
from modicum.core.errors import InputError

if TYPE_CHECKING:
    from modicum.workspace import Bundle


NO_INDEX = "The changed bundle has no index, and cannot be searched; fit again with --index for one."
"""What is said where the bundle had one."""


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
    if folder is not None and not changing:
        raise InputError(
            f"nothing is to be changed, so that nothing goes to {folder}; give --add, --rename or --remove"
        )
    if folder is not None:
        modicum.workspace.check_bundle_place(folder)
    before, indexed = len(found.report.get("grounds", ())), modicum.workspace.carries_index(bundle)
    if remove:
        found = modicum.workspace.remove_classes(found, remove)
    if rename:
        found = modicum.workspace.rename_classes(found, _renamed(rename, found.classes))
    if add is not None:
        found = _with_class(found, add, examples, text=text, vectors=vectors, description=description)
    if folder is None:
        _list(found, json)
        return
    found.save(folder)
    _tell(found, folder, found.report["grounds"][before:], json)
    if indexed:
        err().print(NO_INDEX, soft_wrap=True, markup=False)


def _renamed(pairs: Sequence[str], known: Sequence[str]) -> dict[str, str]:
    """New names by old ones; a name may hold `=` itself."""
    out = {}
    for pair in pairs:
        cuts = [place for place, sign in enumerate(pair) if sign == "="]
        cut = next((place for place in cuts if pair[:place] in known), cuts[0] if cuts else None)
        if cut is None or not pair[cut + 1 :].strip():
            raise InputError(f"--rename {pair!r} does not say old and new name; write OLD=NEW")
        if pair[:cut] in out:
            raise InputError(f"--rename gives {pair[:cut]!r} two names; give it once")
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


def _list(bundle: Bundle, json: bool) -> None:
    if json:
        print_json(_facts(bundle, None))
        return
    rows = _rows(bundle)
    print_table([{k: "" if v is None else str(v) for k, v in row.items()} for row in rows], right=("labelled",))


def _tell(bundle: Bundle, folder: Path, said: Sequence[str], json: bool) -> None:
    """What was changed, and where the changed bundle lies."""
    if json:
        print_json(_facts(bundle, folder))
        return
    out().print(" ".join(said), soft_wrap=True, markup=False)
    out().print(f"{len(bundle.classes)} classes written to {folder}", soft_wrap=True, markup=False)


def _facts(bundle: Bundle, folder: Path | None) -> dict[str, Any]:
    changed, added = bundle.report.get("changed_classes", []), bundle.report.get("added_classes", [])
    return {"bundle": folder and str(folder), "classes": _rows(bundle), "changed": changed, "added": added}


def _rows(bundle: Bundle) -> list[dict[str, Any]]:
    space, counts = bundle.model.space, bundle.report.get("data", {}).get("class_counts", {})
    rows: list[dict[str, Any]] = [{"class": name, "labelled": counts.get(name)} for name in space.names]
    if space.descriptions:
        rows = [{**row, "description": said} for row, said in zip(rows, space.descriptions, strict=True)]
    return rows
