"""Tiny encoders as fixtures; their code stands in plain modules, so that other processes can run it too."""

from __future__ import annotations

import pytest

from tests.encoders import tiny as tiny_encoders
from tests.encoders import worker as other_process


@pytest.fixture(scope="session")
def tiny():
    return tiny_encoders


@pytest.fixture(scope="session")
def worker():
    return other_process


@pytest.fixture
def sentence_folder(tiny, tmp_path):
    return tiny.save_sentence_encoder(tmp_path / "tiny")
