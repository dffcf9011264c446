"""`modicum topics`: what a table is about, as rows with topics, classes for a fit, and a page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

import modicum
from modicum.cli import options
from modicum.cli.console import bars, out, print_json, print_table, tell_written
from modicum.core.errors import InputError
from modicum.core.texts import counted, shortened

SHOWN, LETTERS = 30, 60


def topics(
    table: options.TABLE,
    text: options.TEXT = None,
    id: options.ID = None,
    number: Annotated[
        str, typer.Option("--topics", metavar="N", help="How many to find; auto lets two halves of the rows tell.")
    ] = "auto",
    time: Annotated[
        str | None, typer.Option("--time", metavar="COL", help="Column of times: shares of topics are followed.")
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option("--previous", metavar="DIR", help="Folder of an earlier run: ids, names and edits stay."),
    ] = None,
    merge: Annotated[
        list[str] | None,
        typer.Option("--merge", metavar="A,B", help="Make topics one, by name or id; the first stays; repeatable."),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            "--split", metavar="A[=N]", help="Divide a topic into N parts; the largest keeps the id; repeatable."
        ),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option("--rename", metavar="OLD=NEW", help="Give a topic, by name or id, another name; repeatable."),
    ] = None,
    vectors: options.VECTORS = None,
    encoder: options.ENCODER = None,
    seed: options.SEED = 0,
    folder: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help=f"Folder to write; {options.default_place('topics')}."),
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", metavar="N", help="Find topics in N rows drawn from the table.")
    ] = None,
    assign: Annotated[
        Path | None,
        typer.Option(
            "--assign",
            metavar="FILE",
            help="Write the topics of all rows, however many, as csv, jsonl or parquet; with --previous of those "
            "topics as they are.",
        ),
    ] = None,
    executor: options.EXECUTOR = "local",
    threads: options.THREADS = None,
    json: options.JSON = False,
) -> None:
    """Find what a table is about; every row gets a topic. Writes rows.csv, classes.yaml (for fit) and topics.html.

    A table larger than memory: --sample finds topics in some of its rows, and --assign gives all rows one. That goes
    on from the parts that are done when it was killed and is asked for again with --previous.

    Example: modicum topics tickets.csv --text message --out themes
    """
    where = modicum.workspace.Where(executor, threads)
    settings = modicum.workspace.TopicSettings(
        topics=_number(number, "--topics"),
        merge=[one.split(",") for one in merge or ()],
        split=_once([_parts(one) for one in split or ()], "--split"),
        rename=_once([_pair(one) for one in rename or ()], "--rename"),
        seed=seed,
        threads=threads,
    )
    as_they_are = previous is not None and assign is not None
    if as_they_are and any((settings.edits, settings.topics, sample, time, vectors, folder)):
        raise InputError("--assign with --previous takes topics as they are; find or edit them in a run without it")
    if assign is None:
        where.refuse_cluster("is for giving rows their topics; say with --assign FILE where these go")
    elif vectors or not modicum.data.is_file_of_rows(table):
        raise InputError("--assign makes vectors of the texts in a file; give a file of rows, and no --vectors")
    place, told = folder or previous or Path(f"{options.stem(table)}.topics"), {}
    options.check_tables(table, vectors, assign=assign)
    if folder or not previous:
        modicum.workspace.check_topics_place(place)
    with bars() as progress:
        if not as_they_are:
            found = _find(table, text, id, time, sample, vectors, encoder, previous, settings, progress)
            told = modicum.workspace.save_topics(found, place)
        if assign:
            rows = modicum.workspace.place_file(
                place, table, assign, encoder=encoder, text=text, id=id, where=where, progress=progress
            )
    if json:
        own = {"file": str(assign), "rows": rows} if assign else {}
        print_json({"folder": str(place), **own, **{key: value for key, value in told.items() if key != "map"}})
    elif told:
        _show(told, place, asked=settings.topics is not None)
    if assign and not json:
        tell_written(rows, "row", assign)


def _find(
    table: str,
    text: str | None,
    id: str | None,
    time: str | None,
    sample: int | None,
    vectors: Path | None,
    encoder: str | None,
    previous: Path | None,
    settings: Any,
    progress: Any,
) -> Any:
    kept = modicum.workspace.load_topics(previous) if previous else None
    if sample is None:
        items = modicum.read(table, text=text, id=id, time=time)
    elif vectors:
        raise InputError("--sample draws rows whose vectors are then made; leave --vectors out, or --sample")
    else:
        items = modicum.data.sample(table, sample, text=text, id=id, time=time, seed=settings.seed)
    given = modicum.encoders.read_vectors(vectors, len(items), items.ids) if vectors else None
    return modicum.workspace.topics_of(
        items, encoder=encoder, vectors=given, previous=kept, settings=settings, progress=progress
    )


def _number(said: str, option: str) -> int | None:
    if said.strip().lower() == "auto":
        return None
    if not said.strip().isdecimal() or int(said) < 1:
        raise InputError(f"{option} {said!r} is no number of topics; write one such as 20, or auto")
    return int(said)


def _parts(said: str) -> tuple[str, int | None]:
    name, sign, number = said.rpartition("=")
    return (name, _number(number, "--split")) if sign else (said, 2)


def _pair(said: str) -> tuple[str, str]:
    old, sign, new = said.partition("=")
    if not sign or not new.strip():
        raise InputError(f"--rename {said!r} does not say old and new name; write OLD=NEW")
    return old, new


def _once(pairs: Sequence[tuple[str, Any]], option: str) -> dict[str, Any]:
    """What is asked of topics, by topic."""
    names = [name for name, _ in pairs]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"{option} names the topic {twice!r} twice; name it once")
    return dict(pairs)


def _show(facts: dict[str, Any], folder: Path, *, asked: bool) -> None:
    """Print topics, of which a number was asked for or not."""
    console, figures = out(), facts["figures"]
    for sentence in _sentences(facts, figures, asked=asked):
        console.print(escape(sentence), soft_wrap=True)
    topics: Sequence[dict[str, Any]] = sorted(facts["topics"], key=lambda topic: -topic["rows"])
    title = "\nTopics" + (f", the largest {SHOWN} of {len(topics)}" if len(topics) > SHOWN else "")
    print_table([_row(topic) for topic in topics[:SHOWN]], title=title, right=("id", "rows", "found again"))
    console.print(escape(f"\nPage: {folder / 'topics.html'}"), soft_wrap=True)
    fit = f"modicum fit {folder / 'rows.csv'} --text {facts['data']['text_column']} --label topic_name"
    console.print(escape(f"Use them as classes: {fit} --classes {folder / 'classes.yaml'}"), soft_wrap=True)


def _sentences(facts: dict[str, Any], figures: dict[str, Any], *, asked: bool) -> list[str]:
    rows, far = facts["data"]["rows"], figures["far"]
    size = f"{counted(rows, 'row')}, {counted(figures['topics'], 'topic')}"
    said = [
        f"{facts['data']['source']}: {size}; encoder {facts['encoder']['name']}.",
        f"{figures['agreement']:.0%} of the rows land in the same topic when other rows are clustered.",
        f"{counted(far, 'row lies', 'rows lie')} far from every topic ({far / rows:.1%}); each has one nevertheless.",
    ]
    if figures["topics"] == 1 and not asked:
        said.append("Halves of the rows agree on no groups; --topics N asks for them all the same.")
    if figures["empty"]:
        said.append(f"{counted(figures['empty'], 'row is empty and has', 'rows are empty and have')} no topic.")
    if figures["new"] is not None:
        said.append(f"{counted(figures['new'], 'topic is', 'topics are')} new; the ids of the others stay.")
    return said


def _row(topic: dict[str, Any]) -> dict[str, str]:
    return {
        "id": str(topic["id"]),
        "topic": topic["name"],
        "rows": f"{topic['rows']:,}",
        "found again": f"{topic['stability']:.0%}",
        "words": shortened(", ".join(topic["terms"]), LETTERS),
    }
