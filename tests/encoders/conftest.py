"""Tiny encoders as fixtures; their code stands in plain modules, so that other processes can run it too."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest


def module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture(scope="session")
def tiny():
    return module("tiny")


@pytest.fixture(scope="session")
def worker():
    return module("worker")


@pytest.fixture
def sentence_folder(tiny, tmp_path):
    return tiny.save_sentence_encoder(tmp_path / "tiny")
