"""A changed folder: taken once, refused once, and never while it is still being written."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from modicum.core import InputError
from modicum.serve.predict.served import signature_of
from modicum.serve.predict.watch import Watch


class World:
    def __init__(self, folder):
        self.folder, self.opened, self.told, self.broken = folder, 0, [], None
        self.current = self.seen()
        self.watch = Watch(
            folder,
            current=lambda: self.current,
            open_=self.open,
            swap=lambda served: setattr(self, "current", served),
            refused=self.told.append,
            every=0.01,
        )

    def seen(self):
        return SimpleNamespace(signature=signature_of(self.folder))

    def open(self):
        self.opened += 1
        if self.broken is not None:
            raise self.broken
        return self.seen()

    def change(self, text):
        (self.folder / "bundle.json").write_text(text)


@pytest.fixture
def world(tmp_path):
    (tmp_path / "bundle.json").write_text("first")
    return World(tmp_path)


def test_a_change_is_taken_once(world):
    world.watch.look()
    assert world.opened == 0
    world.change("another")
    world.watch.look()
    world.watch.look()
    assert (world.opened, world.current.signature) == (1, signature_of(world.folder))


@pytest.mark.parametrize(("error", "reason"), [(InputError("torn"), "torn"), (KeyError("secret"), "KeyError")])
def test_what_cannot_be_read_is_told_once_it_lasts_and_tried_again_when_it_changes(world, error, reason):
    before, world.broken = world.current, error
    world.change("half")
    world.watch.look()
    assert world.told == [], "it may be in the making"
    for _ in range(3):
        world.watch.look()
    assert (world.told, world.opened, world.current) == ([reason], 2, before)
    world.change("half of another")
    world.watch.look()
    world.watch.look()
    assert world.told == [reason] * 2
    world.broken = None
    world.change("a whole one")
    world.watch.look()
    assert world.current is not before


def test_a_folder_that_is_away_is_waited_for(world, tmp_path):
    (tmp_path / "bundle.json").unlink()
    tmp_path.rename(tmp_path.with_name("aside"))
    world.watch.look()
    assert (world.opened, world.told) == (0, [])
    tmp_path.with_name("aside").rename(tmp_path)


def test_the_thread_ends(world):
    world.watch.start()
    world.change("another")
    while not world.opened:
        pass
    world.watch.stop()
    assert world.told == []
