"""What is wrong with a call, in our own words: those of the parser sound like another program."""

from __future__ import annotations

import re
from typing import Any

from modicum.core.checks import nearest_name

WORDS = (
    (r"\.? Did you mean .*", ""),
    (r" \(Possible options: .*\)", ""),
    (r"^No such option:? '?([^\s']+)'?", r"there is no option '\1'"),
    (r"^No such command '(.*)'", r"there is no verb '\1'"),
    (r"^Missing command", "no verb is named"),
    (r"^Missing (?:argument|option|parameter) '?([^'.]+)(?:\.{3})?'?", r"\1 is missing"),
    (r"^Got unexpected extra argument(?:s|\(s\))? \((.*)\)", r"there is no place for '\1'; quote what holds blanks"),
    (r"^Option '?([^\s']+)'? requires an argument", r"\1 needs a value"),
    (r"^Option '?([^\s']+)'? does not take a value", r"\1 takes no value"),
    (r"^Invalid value for '?([^':]+?)'?:", r"\1"),
    (r"(Input should be|(?:Value )?'.*' is not) a valid (integer|int)\b.*", "must be a whole number"),
    (r"(Input should be|(?:Value )?'.*' is not) a valid (number|float)\b.*", "must be a number"),
    (r"Input should be greater than or equal to", "must be at least"),
    (r"Input should be less than or equal to", "must be at most"),
    (r"\S+ is not in the range", "must lie in"),
)
"""What the parser says, and what is said instead; in the order in which it is replaced."""


def misuse(error: Exception) -> str | None:
    """A sentence on a call that no verb takes, with the nearest thing that one does; None for another error."""
    told = getattr(error, "format_message", None)
    if told is None:
        return None
    said = " ".join(told().split()).rstrip(".")
    for theirs, ours in WORDS:
        said = re.sub(theirs, ours, said)
    context = getattr(error, "ctx", None)
    if context is None or not said:
        return said
    near = _near(error, said, context.command)
    return said + (near if near.startswith("; did") else f"; see: {context.command_path} --help")


def _near(error: Exception, said: str, command: Any) -> str:
    """A clause that suggests what may have been meant."""
    verb = re.match(r"there is no verb '(.*)'", said)
    if verb:
        return nearest_name(verb[1], command.commands)
    option = getattr(error, "option_name", None)
    if option is None or not said.startswith("there is no option"):
        return ""
    return nearest_name(option, [name for one in command.params for name in (*one.opts, *one.secondary_opts)])
