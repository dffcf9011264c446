"""How modicum refuses."""

from __future__ import annotations


class InputError(ValueError):
    """The user's input is wrong. The message is one sentence that names file, row, column and the remedy.

    The command line prints it without a traceback and exits with code 2.
    """
