"""Do probabilities mean what they say? Calibration of scores."""

from modicum.labels.calibration.isotonic import IsotonicMaps, fit_isotonic
from modicum.labels.calibration.platt import fit_platt
from modicum.labels.calibration.temperature import fit_temperature

__all__ = ["IsotonicMaps", "fit_isotonic", "fit_platt", "fit_temperature"]
