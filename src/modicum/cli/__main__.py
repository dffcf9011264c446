"""`python -m modicum.cli` is the command `modicum`."""

from modicum.cli import main

main()
