"""Calls that no verb takes: a sentence like all others, with exit code 2; a closed pipe and Ctrl-C are no defects."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest
import typer.main

from modicum.cli import app
from modicum.cli.misuse import misuse

SAID = {
    "fli": "there is no verb 'fli'; did you mean 'fit'?",
    "feed ad x": "there is no verb 'ad'; did you mean 'add'?",
    "fit a.csv --txt message": "there is no option '--txt'; did you mean '--text'?",
    "fit a.csv --no-tunes": "there is no option '--no-tunes'; did you mean '--no-tune'?",
    "fit a.csv --text": "--text needs a value",
    "fit a.csv --json=3": "--json takes no value",
    "fit": "TABLE is missing; see: modicum fit --help",
    "merge": "MODEL is missing; see: modicum merge --help",
    "select pool.csv": "--keep is missing; see: modicum select --help",
    "fit a.csv b.csv": "there is no place for 'b.csv'; quote what holds blanks; see: modicum fit --help",
    "search a.csv card was stolen": "there is no place for 'was stolen'; quote what holds blanks",
    "fit a.csv --seed one": "--seed must be a whole number; see: modicum fit --help",
    "fit a.csv --alpha one": "--alpha must be a number; see: modicum fit --help",
    "serve a --port 99999": "--port must",
    "serve a --workers 0": "--workers must",
}


@pytest.mark.parametrize("call", SAID)
def test_a_call_that_no_verb_takes(run, call):
    done = run(*call.split())
    assert done.code == 2
    assert done.out == ""
    assert done.err.startswith(f"error: {SAID[call]}")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("call", [(), ("feed",)])
def test_nothing_said_shows_the_help(run, call):
    done = run(*call)
    assert (done.code, done.err) == (2, "")
    assert "Commands" in done.out


def test_what_is_no_misuse_of_the_command_line():
    assert misuse(ValueError("x")) is None


def pages(command, path=("modicum",)):
    """Every page of help: the words that are typed for it, and its command."""
    yield path, command
    for name, one in getattr(command, "commands", {}).items():
        yield from pages(one, (*path, name))


@pytest.mark.parametrize(
    ("path", "command"), [pytest.param(*page, id=" ".join(page[0])) for page in pages(typer.main.get_command(app))]
)
def test_help_shows_its_example_as_it_is_typed(run, path, command):
    done = run(*path[1:], "--help")
    assert done.code == 0
    example = command.help.partition("Example: ")[2].strip()
    assert example.startswith(" ".join(path))
    assert f"Example: {example}" in " ".join(done.out.split())
    assert "[[" not in done.out


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (PermissionError(13, "Permission denied", "a.csv"), 2, "a.csv cannot be used (Permission denied)"),
        (OSError(36, "File name too long", "x" * 5000), 2, "x" * 199 + "… cannot be used (File name too long); have"),
        (OSError(28, "No space left on device", "a.csv"), 2, "a.csv cannot be used (No space left on device)"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_the_machine_or_the_user_stops_is_no_defect(run, monkeypatch, error, code, said):
    def stopped():
        raise error

    monkeypatch.setattr("modicum.workspace.methods", stopped, raising=False)
    done = run("methods")
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"error: {said}")


def test_a_defect_is_not_hidden(run, monkeypatch):
    monkeypatch.setattr("modicum.workspace.methods", lambda: 1 / 0, raising=False)
    with pytest.raises(ZeroDivisionError):
        run("methods")


def test_a_pipe_that_is_closed_early_is_no_error():
    listing = subprocess.Popen(
        [sys.executable, "-m", "modicum", "methods"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    listing.stdout.readline()
    listing.stdout.close()
    assert listing.stderr.read() == b""
    listing.stderr.close()
    assert listing.wait() == 0


def test_ctrl_c_ends_in_a_word(tmp_path):
    (tmp_path / "a.csv").write_text("text\nhello\nworld\n", encoding="utf-8")
    command = [sys.executable, "-m", "modicum", "label", tmp_path / "a.csv", "--encoder", "hashed", "--no-open"]
    page = subprocess.Popen(
        [*command, "--journal", tmp_path / "a.jsonl", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    page.stdout.readline()
    time.sleep(0.2)
    page.send_signal(signal.SIGINT)
    _, err = page.communicate(timeout=20)
    assert "Traceback" not in err
    assert page.returncode in (0, 130)
    assert "rows are labelled" in err
