"""Two dimensions for a picture: t-SNE of the leading principal components.

A picture only: distances between far groups mean little, and nothing is ever computed from these places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits


def layout(X: NDArray[np.floating], *, seed: int = 0, components: int = 30) -> NDArray[np.float64]:
    """Places (N, 2) for vectors (N, D), N at least 5; equal seeds give equal places. Cost: O(N log N) and seconds.

    Vectors that are all equal lie in one place.

    Example:
        >>> import numpy as np
        >>> layout(np.eye(6)).shape
        (6, 2)
    """
    if not np.ptp(X, axis=0).any():
        return np.zeros((len(X), 2))
    reduced = PCA(min(components, *X.shape), random_state=seed).fit_transform(np.asarray(X, dtype=np.float64))
    perplexity = min(30.0, (len(X) - 1) / 3)
    tsne = TSNE(
        init="pca" if reduced.shape[1] > 1 else "random", perplexity=perplexity, random_state=seed, max_iter=500
    )
    # Its many short parallel loops wait for each other: one thread is up to four times as fast on a busy machine.
    with threadpool_limits(1):
        return np.asarray(tsne.fit_transform(reduced), dtype=np.float64)
