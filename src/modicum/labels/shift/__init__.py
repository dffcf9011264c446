"""Are the classes as frequent out there as in the labelled rows?"""

from modicum.labels.shift.class_shares import Calibration, calibrate, class_shares
from modicum.labels.shift.confusion_priors import confusion_priors
from modicum.labels.shift.em_priors import ShiftEstimate, em_priors, reweighted
from modicum.labels.shift.latent_shift import LatentClasses, latent_classes
from modicum.labels.shift.mixture import mixing_shares

__all__ = [
    "Calibration",
    "LatentClasses",
    "ShiftEstimate",
    "calibrate",
    "class_shares",
    "confusion_priors",
    "em_priors",
    "latent_classes",
    "mixing_shares",
    "reweighted",
]
