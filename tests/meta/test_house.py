"""The house keeps its own rules: sizes, imports, what must not be called, tests that mirror the source."""

from __future__ import annotations

import ast
import importlib
import inspect
import os
import re
import runpy
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
import typer.main

from modicum.cli import app

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PACKAGES = [path.parent for path in SOURCES if path.name == "__init__.py"]
OTHER_TESTS = {"meta", "shared", "long"}
FORBIDDEN_IMPORTS = {"pickle", "joblib", "shelve", "marshal", "dill", "cloudpickle"}
FORBIDDEN_CALLS = {"eval", "exec", "print", "__import__"}
HEAVY = {"torch", "pandas", "polars", "onnxruntime", "sklearn", "scipy", "pyarrow", "ray", "fastapi"}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def code_lines(function):
    """Lines of a function without its signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def parameters(function):
    """Parameters of a function without self."""
    inputs = function.args
    names = [arg.arg for arg in (*inputs.posonlyargs, *inputs.args, *inputs.kwonlyargs)]
    return [name for name in names if name not in ("self", "cls")]


def imported(tree):
    """Top-level names of all packages that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.relative_to(ROOT / "src").as_posix())
class TestFiles:
    def test_size(self, path):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= (300 if "CARD = Card(" in text else 500)

    def test_functions_are_short_and_ask_for_little(self, path):
        verb = "modicum/cli" in path.as_posix()
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            assert code_lines(function) <= 40, function.name
            assert verb or len(parameters(function)) <= 8, function.name

    def test_nothing_unsafe_is_imported_or_called(self, path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        assert not set(imported(tree)) & FORBIDDEN_IMPORTS
        assert not {call.func.id for call in calls if isinstance(call.func, ast.Name)} & FORBIDDEN_CALLS
        pickled = [word.value for call in calls for word in call.keywords if word.arg == "allow_pickle"]
        assert all(isinstance(value, ast.Constant) and value.value is False for value in pickled)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda p: p.relative_to(ROOT / "src").as_posix())
class TestFolders:
    def test_holds_at_most_twenty_files(self, package):
        assert len(list(package.glob("*.*"))) <= 20

    def test_says_what_it_is_for(self, package):
        assert ast.get_docstring(ast.parse((package / "__init__.py").read_text(encoding="utf-8")))

    def test_every_public_function_is_used_by_a_test_or_a_verb(self, package):
        if "weights" in package.relative_to(ROOT / "src").parts[:2]:
            pytest.importorskip("torch")
        module = importlib.import_module(".".join(package.relative_to(ROOT / "src").parts))
        rooms = [folder for folder in (ROOT / "tests").iterdir() if folder.name not in OTHER_TESTS]
        users = [path for folder in (*rooms, ROOT / "src/modicum/cli") for path in folder.rglob("*.py")]
        words = set(re.findall(r"\w+", " ".join(path.read_text(encoding="utf-8") for path in users)))
        public = [getattr(module, name) for name in getattr(module, "__all__", ())]
        assert {thing.__name__ for thing in public if inspect.isfunction(thing)} <= words


@pytest.mark.parametrize("verb", sorted(typer.main.get_group(app).commands))
def test_every_verb_is_run_by_a_test(verb):
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "cli").glob("test_*.py"))
    assert re.search(rf'\brun\(\s*"{verb}"', tests)


def test_tests_mirror_the_source():
    mirrored = [p.relative_to(ROOT / "tests").parent for p in (ROOT / "tests").rglob("test_*.py")]
    folders = {folder for folder in mirrored if folder.parts[0] not in OTHER_TESTS}
    assert [str(f) for f in folders if ROOT / "src" / "modicum" / f not in PACKAGES] == []


def loaded_by(code):
    """Top-level packages in memory once a fresh process has run this code, and the seconds it took."""
    shown = f"{code}\nprint(*{{name.split('.')[0] for name in sys.modules}}, file=sys.stderr)"
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", f"import sys\n{shown}"], check=True, capture_output=True, text=True)
    return set(done.stderr.split()), time.perf_counter() - start


def test_examples_of_what_imports_an_extra_are_not_collected():
    """Without the extra they could not be imported; what the tests install (`serve`) and all of `weights` are apart."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    allowed = next(contract["ignore_imports"] for contract in settings["contracts"] if "ignore_imports" in contract)
    importing = {line.split(" -> ")[0].rstrip(".*") for line in allowed}
    importing -= {"modicum.serve", "modicum.weights"}
    left_out = {path.removesuffix(".py") for path in runpy.run_path(str(ROOT / "conftest.py"))["collect_ignore"]}
    inside = {name: "src/" + name.replace(".", "/") for name in importing}
    assert inside
    assert {name for name, path in inside.items() if not {path, path.rpartition("/")[0]} & left_out} == set()


def test_importing_the_package_is_light():
    runs = [loaded_by("import modicum") for _ in range(3)]
    assert not runs[0][0] & HEAVY
    assert min(seconds for _, seconds in runs) < 1.5


def test_help_loads_no_heavy_package():
    code = "sys.argv = ['modicum', 'fit', '--help']\nfrom modicum.cli import main\ntry: main()\nexcept SystemExit: pass"
    assert not loaded_by(code)[0] & HEAVY


def test_loading_an_encoder_leaves_no_trace(tmp_path):
    """From 1.29 on onnxruntime writes a device id and a queue of events on import, unless told not to before."""
    bare = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", "import modicum.encoders.folder"], check=True, env=bare)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
