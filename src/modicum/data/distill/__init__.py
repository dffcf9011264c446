"""Which few made-up rows teach as much as all real ones?"""

from modicum.data.distill.vectors import Distillate, distill_vectors, fit_distilled

__all__ = ["Distillate", "distill_vectors", "fit_distilled"]
