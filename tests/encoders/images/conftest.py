"""The fake library, and real pictures where Pillow is installed."""

from __future__ import annotations

import pytest

from tests.encoders.images import fake as fake_library


@pytest.fixture
def fake():
    return fake_library


@pytest.fixture
def weights(fake, tmp_path):
    return fake.save_weights(tmp_path / "weights")


@pytest.fixture
def photos(fake, tmp_path):
    return fake.save_pictures(tmp_path / "photos")
