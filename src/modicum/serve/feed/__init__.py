"""The feed's web site: pages that work without script, every list also as JSON and Atom."""

from modicum.serve.feed.app import make_app
from modicum.serve.feed.running import FeedServing, run_feed
from modicum.serve.feed.site import Site

__all__ = ["FeedServing", "Site", "make_app", "run_feed"]
