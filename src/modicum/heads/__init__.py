"""Estimators on fixed vectors: which class is each row? Scikit-learn API, nothing of the encoder moves."""

from modicum.heads.class_mean import ClassMean

__all__ = ["ClassMean"]
