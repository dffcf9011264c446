"""The labelling page: a local web app around one session."""

from modicum.serve.label.app import make_app
from modicum.serve.label.running import run_label

__all__ = ["make_app", "run_label"]
