"""Do probabilities mean what they say? Calibration of scores."""

from modicum.labels.calibration.temperature import fit_temperature

__all__ = ["fit_temperature"]
