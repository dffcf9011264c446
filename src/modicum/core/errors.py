"""The two ways modicum refuses: the user's input is wrong, or a part is not installed."""

from __future__ import annotations


class InputError(ValueError):
    """The user's input is wrong. The message is one sentence that names file, row, column and the remedy.

    The command line prints it without a traceback and exits with code 2.
    """


class MissingExtra(InputError, ImportError):
    """An optional dependency is not installed. The message names the extra that brings it."""
