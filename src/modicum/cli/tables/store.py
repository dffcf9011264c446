"""`modicum store`: a table with its vectors, labels and versions in one place."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, out, print_json, print_table
from modicum.core.errors import InputError
from modicum.core.texts import counted


def store(
    store: Annotated[
        str,
        typer.Argument(metavar="STORE", help="lance://FOLDER, or lance://FOLDER?table=NAME for one of several tables."),
    ],
    add: Annotated[
        str | None,
        typer.Option(
            "--add", metavar="TABLE", help="Add the rows of a table; only new ones and changed texts are encoded."
        ),
    ] = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="List all versions; each can be read as lance://FOLDER?version=N.")
    ] = False,
    restore: Annotated[
        int | None,
        typer.Option("--restore", metavar="N", help="Make version N the latest again; later ones are kept, too."),
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Join small files and bring the index up to date; also done by itself.")
    ] = False,
    forget: Annotated[
        int | None,
        typer.Option("--forget", metavar="DAYS", help="With --compact: delete versions that are older, for good."),
    ] = None,
    text: options.TEXT = None,
    label: options.LABEL = None,
    separator: options.SEPARATOR = None,
    id: options.ID = None,
    encoder: options.ENCODER = None,
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Keep a table with its vectors and labels in LanceDB, every change a version; without an option, tell of it.

    Other verbs take lance://FOLDER where they take a file, and its vectors as they are.

    Example: modicum store lance://tickets --add tickets.csv --text message --label intent
    """
    if not modicum.data.store.is_store(store):
        raise InputError(f"{store} is not a store; write lance://FOLDER")
    asked = [option for option, said in (("--add", add), ("--versions", versions), ("--compact", compact)) if said]
    asked += ["--restore"] if restore is not None else []
    if len(asked) > 1:
        raise InputError(f"{' and '.join(asked)} are two things; give one at a time")
    if forget is not None and not compact:
        raise InputError("--forget goes with --compact; give both")
    keep = modicum.workspace.store
    if add is not None:
        with bars() as progress:
            columns = keep.Columns(text, label, id, separator)
            done = keep.add_rows(store, add, columns, encoder=encoder, threads=threads, progress=progress)
        _tell(done.to_dict(), _added(done), json)
    elif versions:
        _tell_versions(keep.store_versions(store), json)
    elif restore is not None:
        told = keep.restore_version(store, restore)
        _tell(told, f"Version {restore} is the latest again, as version {told['version']}; {_rows(told)}.", json)
    elif compact:
        told = keep.compact_store(store, forget)
        _tell(told, "; ".join(f"{name.replace('_', ' ')}: {a:,} before, {b:,} now" for name, a, b in _both(told)), json)
    else:
        told = keep.store_facts(store)
        _tell(told, _facts(told), json)


def _tell(told: dict[str, Any], sentence: str, json: bool) -> None:
    if json:
        print_json(told)
    else:
        out().print(escape(sentence), soft_wrap=True)


def _added(done: Any) -> str:
    more = f"{done.changed_texts:,} with another text, {done.changed_labels:,} with another label"
    what = f"{counted(done.rows, 'row')} read: {done.new:,} new, {more}; {done.encoded:,} encoded by {done.encoder}"
    return f"{what}. {done.store} is at version {done.version}."


def _both(told: dict[str, Any]) -> list[tuple[str, int, int]]:
    return [(name, *told[name]) for name in ("small_files", "versions")]


def _rows(told: dict[str, Any]) -> str:
    return counted(told["rows"], "row")


def _facts(told: dict[str, Any]) -> str:
    lines = [f"{told['store']}: version {told['version']}, {_rows(told)}; columns: {', '.join(told['columns'])}."]
    if "encoder" in told:
        lines.append(f"Labels: {counted(told['labelled'], 'row')}, in {told['label']!r}. Texts in {told['text']!r}.")
        index = (
            f"{counted(told['indexed'], 'row is', 'rows are')} in the index"
            if told["indexed"]
            else "compared one by one"
        )
        lines.append(f"Vectors: {counted(told['dimension'], 'number')} by {told['encoder']}; {index}.")
    return "\n".join(lines)


def _tell_versions(found: list[dict[str, Any]], json: bool) -> None:
    if json:
        print_json(found)
        return
    rows = [{"version": str(one["version"]), "made (UTC)": one["at"], "rows": f"{one['rows']:,}"} for one in found]
    print_table([row | {"what": one["what"]} for row, one in zip(rows, found, strict=True)], right=("version", "rows"))
