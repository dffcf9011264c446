"""The ledger alone: what may follow what, what stays told, and when a digest is dropped or forgotten."""

from __future__ import annotations

import pytest

from modicum.workspace.feed.digest import ledger
from modicum.workspace.feed.digest.choosing import Part
from modicum.workspace.feed.readers import Subscriptions
from tests.workspace.feed.conftest import join

DAY = 86_400.0
PARTS = [Part("Trending", (1, 2), ("", "")), Part("Keyword rows", (3,), ("",))]


@pytest.fixture
def pair(folder):
    return join(folder, "ana@example.org", "ben@example.org")


@pytest.fixture
def reserved(readers, pair):
    """Numbers of the digests of two readers."""
    assert ledger.reserve(readers, "daily", [(reader, PARTS) for reader in pair], "example.org") == 2
    return ledger.waiting(readers)


def state(readers, number):
    (row,) = readers.rows("SELECT state, message, error, tries, sent FROM digests WHERE id = ?", number)
    return tuple(row.values())


def test_periods_are_days_and_iso_weeks():
    """1 January 2027 is a Friday of the last week of 2026 (ISO 8601)."""
    at = 1_798_761_600.0
    assert (ledger.period_of("daily", at - 1), ledger.period_of("daily", at)) == ("day 2026-12-31", "day 2027-01-01")
    assert ledger.period_of("weekly", at - 1) == ledger.period_of("weekly", at) == "week 2026-W53"
    assert ledger.period_of("weekly", at + 3 * DAY) == "week 2027-W01"


def test_a_digest_is_due_once_a_period(readers, pair, clock):
    ana, ben = pair
    assert ledger.due(readers, "daily") == [ana, ben]
    assert ledger.due(readers, "weekly") == []
    assert ledger.reserve(readers, "daily", [(ana, PARTS)], "example.org") == 1
    assert ledger.reserve(readers, "daily", [(ana, PARTS)], "example.org") == 0
    assert ledger.due(readers, "daily") == [ben]
    clock.now += DAY
    assert ledger.due(readers, "daily") == [ana, ben]


def test_nothing_is_reserved_for_who_ended_meanwhile(readers, pair):
    ana, _ = pair
    wanted = Subscriptions(readers, ana)
    wanted.remove(wanted.all()[0].id)
    assert ledger.reserve(readers, "daily", [(ana, PARTS)], "example.org") == 0
    assert ledger.told(readers, ana) == set()


def test_from_reserved_to_sent(readers, pair, reserved, clock):
    first, second = reserved
    found = ledger.digest(readers, first)
    assert (found["reader"], found["email"], found["every"]) == (pair[0].id, "ana@example.org", "daily")
    assert found["parts"] == [["Trending", [1, 2], ["", ""]], ["Keyword rows", [3], [""]]]
    assert found["message_id"].startswith("<2026-09-21.")
    assert found["message_id"] != ledger.digest(readers, second)["message_id"]
    assert ledger.begin(readers, first, b"bytes")
    assert state(readers, first) == ("sending", b"bytes", None, 1, None)
    assert bytes(ledger.digest(readers, first)["message"]) == b"bytes"
    clock.now += 5
    ledger.confirm(readers, first)
    assert state(readers, first) == ("sent", None, None, 1, clock.now)
    assert state(readers, second) == ("reserved", None, None, 0, None)
    assert ledger.waiting(readers) == [second]
    assert ledger.digest(readers, first) is None
    assert not ledger.begin(readers, first, b"again"), "what was sent is not sent again"
    assert ledger.told(readers, pair[0]) == {1, 2, 3}


def test_what_is_in_doubt_comes_first_and_what_was_refused_for_now_is_in_none(readers, reserved):
    first, second = reserved
    ledger.begin(readers, second, b"bytes")
    assert ledger.waiting(readers) == [second, first]
    ledger.put_back(readers, second, "451 come again")
    assert ledger.waiting(readers) == [first, second]
    assert state(readers, second)[::2] == ("reserved", "451 come again", None)
    ledger.begin(readers, second, b"bytes")
    assert state(readers, second)[3] == 2
    ledger.confirm(readers, second)
    ledger.put_back(readers, second, "late news")
    assert state(readers, second)[0] == "sent"


def test_papers_of_what_was_given_up_may_come_again_unless_it_is_in_doubt(readers, pair, reserved):
    first, second = reserved
    ledger.begin(readers, second, b"bytes")
    for number in reserved:
        ledger.give_up(readers, number, "552 too large")
        assert state(readers, number)[:3] == ("failed", None, "552 too large")
    assert [ledger.told(readers, reader) for reader in pair] == [set(), {1, 2, 3}]
    assert ledger.waiting(readers) == []
    ledger.give_up(readers, first, "again")
    assert state(readers, first)[2] == "552 too large", "what is closed stays as it was closed"


def test_after_a_week_it_is_dropped_and_after_120_days_forgotten(readers, pair, reserved, clock):
    first, second = reserved
    ledger.begin(readers, second, b"bytes")
    ledger.confirm(readers, second)
    clock.now += 7 * DAY
    assert ledger.tidy(readers) == 0
    clock.now += 1
    assert ledger.tidy(readers) == 1
    assert state(readers, first)[:3] == ("dropped", None, "it could not be sent in time")
    assert state(readers, second)[0] == "sent"
    assert [ledger.told(readers, reader) for reader in pair] == [set(), {1, 2, 3}]
    clock.now += 113 * DAY - 1
    assert ledger.tidy(readers) == 0
    assert len(readers.rows("SELECT id FROM digests")) == 2
    clock.now += 1
    ledger.tidy(readers)
    assert readers.rows("SELECT id FROM digests") == []
    assert ledger.told(readers, pair[1]) == set()
