"""What is installed, what is missing, and how to get it."""

from modicum.workspace.doctor.examination import Examination, Finding, examine

__all__ = ["Examination", "Finding", "examine"]
