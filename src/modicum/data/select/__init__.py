"""Which rows of a pool should be used, and how much should each count?"""

from typing import TYPE_CHECKING

from modicum.core.lazy import lazy_names
from modicum.data.select.complexity import Density, feature_density
from modicum.data.select.importance import Importance, draw_rows, fit_importance, importance_resampling
from modicum.data.select.ngrams import hashed_ngrams, ngram_counts
from modicum.data.select.quality import quality_filter
from modicum.data.select.quantization import quantize, submodular_bins
from modicum.data.select.selection import Selection
from modicum.data.select.upsampling import upsample_at_end

if TYPE_CHECKING:
    from modicum.data.select.diversity import diverse_sample
    from modicum.data.select.nearest import nearest_coreset

# What counts words comes at once; clusters, which take time to import, when asked for.
__getattr__ = lazy_names(
    __name__,
    {"diverse_sample": "modicum.data.select.diversity", "nearest_coreset": "modicum.data.select.nearest"},
)

__all__ = [
    "Density",
    "Importance",
    "Selection",
    "diverse_sample",
    "draw_rows",
    "feature_density",
    "fit_importance",
    "hashed_ngrams",
    "importance_resampling",
    "nearest_coreset",
    "ngram_counts",
    "quality_filter",
    "quantize",
    "submodular_bins",
    "upsample_at_end",
]
