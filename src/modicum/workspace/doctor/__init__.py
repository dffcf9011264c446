"""What is installed, what is missing, and how to get it."""

from modicum.workspace.doctor.examination import Examination, examine
from modicum.workspace.doctor.finding import Finding

__all__ = ["Examination", "Finding", "examine"]
