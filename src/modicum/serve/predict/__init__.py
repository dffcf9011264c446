"""The service: answers from a bundle over HTTP."""

from modicum.serve.predict.app import make_app
from modicum.serve.predict.limits import Limits, Serving
from modicum.serve.predict.running import run_serve

__all__ = ["Limits", "Serving", "make_app", "run_serve"]
