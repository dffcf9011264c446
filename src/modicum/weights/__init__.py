"""Modules and state dicts in and out: a few weights moved, merged, shrunk. The torch room, behind the extra `torch`."""
