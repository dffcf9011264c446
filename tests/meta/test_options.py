"""The same option means the same on every verb: one type, one placeholder and one help, or a meaning that is listed."""

from __future__ import annotations

from collections import defaultdict

import pytest
import typer.main

from modicum.cli import app

MEANINGS = {
    "--add": {"Add this class": {"classes"}, "Add the rows of a table": {"store"}},
    "--by": {"text (equal, ": {"dedup"}, "ngrams (": {"select"}},
    "--encoder": {
        "A candidate": {"encoders"},
        "Encoder that finds copies in other words": {"feed add", "feed digest", "feed poll", "feed serve"},
    },
    "--encoder-mode": {"exact; fast (8 bits, where this machine gains); static (dozens of times as fast": {"search"}},
    "--index": {"Keep the vectors of the rows": {"fit"}, "Write the rows that stay": {"dedup"}},
    "--keep": {"Which row of a group stays": {"dedup"}, "Rows wanted": {"select"}, "Encoders wanted": {"encoders"}},
    "--label": {"Column of labels, empty where unknown; repeatable": {"fit", "label"}},
    "--method": {"full (all layers), or an adapter": {"tune"}, "uniform (the mean)": {"merge"}},
    "--out": {
        "Folder of the changed bundle": {"classes"},
        "Folder to write": {"topics"},
        "Folder of the merged encoder": {"merge"},
        "csv, jsonl or parquet, by the ending": {"predict"},
        "All findings as csv, jsonl or parquet": {"clean"},
        "Rows found as csv, jsonl or parquet": {"search"},
        "The table without copies as csv, jsonl or parquet": {"dedup"},
        "The chosen rows as csv, jsonl or parquet": {"select"},
        "npy or parquet, by the ending": {"encode"},
        "Also write the JSON to this file": {"bench"},
    },
    "--port": {"Port to listen at": {"feed serve", "label", "serve"}},
    "--rename": {"Give a class another name": {"classes"}, "Give a topic, by name or id, another name": {"topics"}},
    "--split": {"Column of splits (train, test): labels": {"fit"}, "Divide a topic": {"topics"}},
    "--steps": {"Most steps; fewer where": {"tune"}, "Steps of the search": {"merge"}},
    "--target": {"classes (one a row)": {"fit"}, "Table of rows": {"select"}},
    "--time": {"Column of times: splits": {"fit"}, "Column of times: shares": {"topics"}},
}
"""How help begins where a verb means its own by an option; all other verbs mean the same."""


def verbs(group, path=()):
    """Verbs and those within them, by what is typed for them."""
    for name, command in group.commands.items():
        within = getattr(command, "commands", None)
        yield from [(" ".join((*path, name)), command)] if within is None else verbs(command, (*path, name))


def inputs():
    """Options and arguments by name, with the verbs that have them."""
    found = defaultdict(dict)
    for verb, command in verbs(typer.main.get_group(app)):
        for one in command.params:
            name = one.opts[0] if one.param_type_name == "option" else one.metavar
            found[name][verb] = one
    return dict(found)


FOUND = inputs()


def contract(one):
    """What a user sees of an option, and what it takes."""
    return str(one.type_descriptor.annotation), one.multiple, one.metavar, one.help


def takes_a_value(one):
    return one.param_type_name == "option" and "bool" not in str(one.type_descriptor.annotation)


@pytest.mark.parametrize("name", sorted(FOUND))
def test_verbs_agree(name):
    own = {verb for verbs in MEANINGS.get(name, {}).values() for verb in verbs}
    common = {verb: contract(one) for verb, one in FOUND[name].items() if verb not in own}
    assert len(set(common.values())) <= 1, common


@pytest.mark.parametrize("name", MEANINGS)
def test_meanings_are_as_listed(name):
    assert len(FOUND[name]) > 1
    for begins, verbs in MEANINGS[name].items():
        found = [FOUND[name][verb] for verb in verbs]
        assert all(one.help.startswith(begins) for one in found)
        assert len({(contract(one)[:3]) for one in found}) == 1


@pytest.mark.parametrize("name", sorted(FOUND))
def test_help_says_what_is_expected(name):
    for one in FOUND[name].values():
        assert one.help
        assert one.help.endswith(".")
        assert not takes_a_value(one) or one.metavar, "a value without a placeholder looks like a switch"
        assert one.multiple == ("repeatable" in one.help) or one.param_type_name == "argument"
