"""Sessions on a small world; each journal is closed when its test ends."""

from __future__ import annotations

import pytest

from tests.workspace.loop import worlds


@pytest.fixture
def opened(tmp_path):
    """A function that opens a session on `labels.jsonl` of the test's folder."""
    sessions = []

    def open_(name="labels.jsonl", **given):
        sessions.append(worlds.session(tmp_path / name, **given))
        return sessions[-1]

    yield open_
    for session in sessions:
        session.journal.close()
