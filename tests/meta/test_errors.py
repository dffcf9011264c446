"""All refusals sound alike: one sentence in lower case without a full stop, and where it ends, what to do.

The sentences are read from the source, with their values as `{...}`; constants of a module that are named in one are
put in their place.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

import glossary
import pytest

ROOT = Path(__file__).parents[2] / "src" / "modicum"
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(ROOT.rglob("*.py"))}
UNUSED = {
    "please": "say what to do",
    "sorry": "say what to do",
    "invalid": "say what it should be",
    "illegal": "say what it should be",
    "unexpected": "say what it should be",
    "unable": "cannot",
    "failed": "cannot",
    "can't": "cannot",
    "doesn't": "does not",
    "isn't": "is not",
    r"drop (--\w+|the)": "leave out --",
    "leave [^;]*away": "leave out",
    "directory": "folder",
    "dataset": "table",
}
"""What no sentence says, as a pattern, and what is said instead."""
THEIRS = {
    "vectors/outliers/detector.py": "the checks of scikit-learn look for its word",
    "workspace/loop/foreign.py": "names that other programs give",
}
"""Files with a sentence in words of others, and why."""
MET = (
    "cli",
    "serve",
    "workspace",
    "encoders",
    "data/read",
    "data/write",
    "data/store",
    "core/files",
    "core/json_files",
)
"""What users of the command line meet; others call functions, whose docstrings say what they take."""
REMEDY = re.compile(
    r";|, (?:with|without) |\bmust\b|\bneeds?\b|at least|at most|\(--|--\w|give |take |\bwrite |choose |"
    r"\{nearest_name|\{\w*(?:remedy|said|near|known|reason|course|error)\w*\}"
)
"""A clause that says what to do, a rule that says what can be, or a value that brings one along."""


def constants():
    """Texts of all constants, by name; one that stands for several texts is none."""
    found, several = {}, set()
    for tree in TREES.values():
        for node in tree.body:
            target = node.targets[0] if isinstance(node, ast.Assign) else None
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant):
                several |= {target.id} if found.get(target.id, node.value.value) != node.value.value else set()
                found[target.id] = node.value.value
    return {name: text for name, text in found.items() if isinstance(text, str) and name not in several}


CONSTANTS = constants()


def text_of(node):
    """A sentence, with its values as `{...}`."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    source = ast.unparse(node.value if isinstance(node, ast.FormattedValue) else node)
    return CONSTANTS.get(source, f"{{{source}}}")


def refusals():
    """Names of the class of refusals and of those made from it."""
    classes = [node for tree in TREES.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    return {"InputError", *(one.name for one in classes if "InputError" in map(ast.unparse, one.bases))}


def sentences():
    """Every sentence, and where it stands."""
    names = refusals()
    for path, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in names and node.args:
                where = f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"
                yield where, text_of(node.args[0])


SAID = dict(sentences())
OWN = {where: re.sub(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}", "{}", text) for where, text in SAID.items()}
"""Our own words alone, each value as `{}`."""


def those(fits):
    return {where: text for where, text in OWN.items() if fits(text)}


def test_there_are_many():
    assert len(SAID) > 700


def test_they_begin_in_lower_case_or_with_what_is_meant():
    assert those(lambda text: not re.match(r"[a-z{'(]|--?[a-z]|:[a-z]", text)) == {}


def test_they_end_without_a_full_stop():
    assert those(lambda text: text.rstrip() != text or text.endswith((".", "!", "?", ";", ","))) == {}


def test_they_are_one_sentence_without_a_question():
    assert those(lambda text: re.search(r"[.!?] +[A-Z{]", text) or "!" in text or re.search(r"\w\?(?!\w)", text)) == {}


def test_they_are_short():
    assert those(lambda text: len(text) > 260) == {}


@pytest.mark.parametrize("word", UNUSED)
def test_they_say_our_words(word):
    pattern = re.compile(rf"(?<!\w){word}(?!\w)", re.IGNORECASE)
    assert those(pattern.search) == {}, UNUSED[word]


def test_they_say_the_terms_of_the_project():
    found = {where: list(glossary.offences(text)) for where, text in OWN.items()}
    assert {where for where, words in found.items() if words and where.split(":")[0] not in THEIRS} == set()


def test_packages_are_installed_with_one_wording():
    assert those(lambda text: "pip install" in text and not re.search(r"with: pip install", text)) == {}


def test_what_users_meet_says_what_to_do():
    met = {where: text for where, text in SAID.items() if where.startswith(MET)}
    mute = {where: text for where, text in met.items() if not REMEDY.search(text)}
    whole = {where for where, text in mute.items() if OWN[where] == "{}"}
    parts = {where for where in mute if where.startswith("workspace/loop/events.py")}
    assert {where: text for where, text in mute.items() if where not in whole | parts} == {}
