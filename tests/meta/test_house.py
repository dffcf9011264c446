"""The house keeps its own rules: sizes, imports, words that must not occur, one test file per method."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modicum.workspace.registry import methods

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FORBIDDEN_IMPORTS = {"pickle", "joblib", "shelve", "marshal", "dill", "cloudpickle"}


def functions(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef):
            yield node


def code_lines(node):
    """Lines of a function without its signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT / "src")))
class TestFiles:
    def test_size(self, path):
        lines = path.read_text(encoding="utf-8").count("\n")
        assert lines <= (300 if "CARD = Card(" in path.read_text(encoding="utf-8") else 500)

    def test_functions_are_short(self, path):
        long = {node.name: code_lines(node) for node in functions(path) if code_lines(node) > 40}
        assert not long

    def test_nothing_unsafe_is_imported_or_called(self, path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
        names |= {(n.module or "").split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
        assert not names & FORBIDDEN_IMPORTS
        called = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
        assert not called & {"eval", "exec", "print"}

    def test_imports_stand_at_the_top(self, path):
        hidden = [
            node.name
            for node in functions(path)
            for inner in ast.walk(node)
            if isinstance(inner, (ast.Import, ast.ImportFrom))
        ]
        assert not hidden


def test_folders_hold_at_most_twenty_files():
    folders = {path.parent for path in SOURCES}
    crowded = {str(f): len(list(f.iterdir())) for f in folders if len([p for p in f.iterdir() if p.is_file()]) > 20}
    assert not crowded


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.key)
class TestMethods:
    def test_has_a_test_file_that_mirrors_it(self, method):
        *folders, name = method.module.split(".")[1:]
        assert (ROOT / "tests" / Path(*folders) / f"test_{name}.py").is_file()

    def test_is_exported_by_its_question(self, method):
        package = __import__(method.module.rsplit(".", 1)[0], fromlist=["_"])
        assert method.card.name in package.__all__

    def test_prose_names_its_paper_and_its_limits(self, method):
        prose = " ".join(method.prose().split())
        assert re.search(r"\b(Papers?|Source):", prose)
        assert "Changed:" in prose
        assert re.search(r"Do not|do not", prose)

    def test_docstring_has_an_example(self, method):
        assert ">>>" in method.load().__doc__

    def test_ids_have_the_form_of_the_list(self, method):
        assert all(re.fullmatch(r"\d{3}-\d{3}", known) for known in method.card.ids)


def test_importing_the_package_is_light():
    code = "import modicum, sys; print(sorted({m.split('.')[0] for m in sys.modules}))"
    start = time.perf_counter()
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    seconds = time.perf_counter() - start
    for heavy in ("torch", "pandas", "polars", "onnxruntime", "sklearn", "scipy", "pyarrow", "ray", "fastapi"):
        assert f"'{heavy}'" not in loaded
    assert seconds < 1.5


def test_help_needs_no_room():
    code = "import sys; sys.argv = ['modicum', '--help']\nfrom modicum.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(sorted({m.split('.')[0] for m in sys.modules}), file=sys.stderr)"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stderr
    assert "'sklearn'" not in loaded
    assert "'pyarrow'" not in loaded
