"""The digest: what is new for each reader, by mail, exactly once a period, whenever the sender is killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names

if TYPE_CHECKING:
    from modicum.workspace.feed.digest.choosing import Chooser, Part
    from modicum.workspace.feed.digest.post import Post, Server, wire
    from modicum.workspace.feed.digest.sending import Patience, Sent, plan_digests, preview_digest, send_digests
    from modicum.workspace.feed.digest.writing import Letters

_NAMES = {
    "Chooser": "modicum.workspace.feed.digest.choosing",
    "Letters": "modicum.workspace.feed.digest.writing",
    "Part": "modicum.workspace.feed.digest.choosing",
    "Patience": "modicum.workspace.feed.digest.sending",
    "Post": "modicum.workspace.feed.digest.post",
    "Sent": "modicum.workspace.feed.digest.sending",
    "Server": "modicum.workspace.feed.digest.post",
    "plan_digests": "modicum.workspace.feed.digest.sending",
    "preview_digest": "modicum.workspace.feed.digest.sending",
    "send_digests": "modicum.workspace.feed.digest.sending",
    "wire": "modicum.workspace.feed.digest.post",
}

__all__ = [
    "Chooser",
    "Letters",
    "Part",
    "Patience",
    "Post",
    "Sent",
    "Server",
    "plan_digests",
    "preview_digest",
    "send_digests",
    "wire",
]

__getattr__ = lazy_names(__name__, _NAMES)
