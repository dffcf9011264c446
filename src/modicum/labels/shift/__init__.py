"""Are the classes as frequent out there as in the labelled rows?"""

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names
from modicum.labels.shift.class_shares import Calibration, calibrate, class_shares
from modicum.labels.shift.confusion_priors import confusion_priors
from modicum.labels.shift.em_priors import ShiftEstimate, em_priors, reweighted
from modicum.labels.shift.mixture import mixing_shares

if TYPE_CHECKING:
    from modicum.labels.shift.latent_shift import LatentClasses, latent_classes

# What every model stands on comes at once; clusters, which take time to import, when asked for.
__getattr__ = lazy_names(
    __name__, dict.fromkeys(("LatentClasses", "latent_classes"), "modicum.labels.shift.latent_shift")
)

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
