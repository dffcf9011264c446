"""None of the classes, as an answer at a set rate of false alarms."""

from modicum.workspace.unknown.rule import UnknownRule, unknown_facts, unknown_rule, witness

__all__ = ["UnknownRule", "unknown_facts", "unknown_rule", "witness"]
