"""Are the classes as frequent out there as in the labelled rows?"""

from modicum.labels.shift.em_priors import ShiftEstimate, em_priors

__all__ = ["ShiftEstimate", "em_priors"]
