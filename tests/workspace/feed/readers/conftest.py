"""A small feed with two readers."""

from __future__ import annotations

import pytest


@pytest.fixture
def two(readers):
    """Two readers of one feed."""
    return [readers.confirm(readers.sign_up(f"{name}@example.org")) for name in ("ana", "ben")]
