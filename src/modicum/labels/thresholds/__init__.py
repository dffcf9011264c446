"""From which probability on does a row get a label? Thresholds of labels for rows that may have several."""

from modicum.labels.thresholds.f1_thresholds import f1_thresholds

__all__ = ["f1_thresholds"]
