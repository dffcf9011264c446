"""Logistic regression of many labels at once, with a prior for its weights: one solve instead of one per label.

scikit-learn fits one model per label and takes no prior mean, which label names need; with a zero prior and free
intercepts the two give the same rules (tested).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from modicum.core.softmax import Rule


def base_logits(Y: NDArray[np.floating], weight: NDArray[np.floating]) -> NDArray[np.float64]:
    """Log-odds (K,) of each label's share among rows (N, K), with half a row added on either side.

    Example:
        >>> import numpy as np
        >>> base_logits(np.array([[1.0, 0.0], [0.0, 0.0]]), np.ones(2)).round(3).tolist()
        [0.0, -1.609]
    """
    shares = (weight @ Y + 0.5) / (weight.sum() + 1)
    return np.asarray(logit(shares), dtype=np.float64)


def fit_logistic(
    X: NDArray[np.floating],
    Y: NDArray[np.floating],
    *,
    sample_weight: NDArray[np.floating] | None = None,
    C: float = 30.0,
    prior: NDArray[np.floating] | None = None,
    hold: float = 1.0,
    max_iter: int = 200,
) -> Rule:
    """Minimise C * sum_ik w_i * cross-entropy(Y_ik, sigmoid(W x_i + b)_k) + 0.5 * ||W - prior||^2 + hold on b.

    Args:
        X: Vectors (N, D).
        Y: Targets (N, K), each from 0 to 1; rows may sum to anything.
        sample_weight: Weight of each row (N,), at least 0; default 1.
        C: Inverse strength of the pull towards the prior, at least 0; with 0 the weights are the prior's, and only the
            intercepts are learnt.
        prior: Weights (K, D) that are preferred where the rows say nothing; default zeros.
        hold: Strength of the pull of the intercepts towards the log-odds of each label's share less the mean score of
            the prior, so that a label of no row, or of all, has finite odds; 0 for none.
        max_iter: Most L-BFGS iterations.

    Returns:
        Weights (K, D) and intercepts (K,), float64. Cost: O(N D K) per iteration, in the precision of X.

    Example:
        >>> import numpy as np
        >>> W, b = fit_logistic(np.eye(2), np.array([[1.0, 1.0], [1.0, 0.0]]))
        >>> (np.eye(2) @ W.T + b > 0).tolist()
        [[True, True], [True, False]]
    """
    n, d = X.shape
    k = Y.shape[1]
    weight = np.ones(n, dtype=X.dtype) if sample_weight is None else np.asarray(sample_weight, dtype=X.dtype)
    Y = np.asarray(Y, dtype=X.dtype)
    centre = np.zeros((k, d)) if prior is None else np.asarray(prior, dtype=np.float64)
    mean = weight @ X / max(float(weight.sum()), 1e-12)
    start = base_logits(Y, weight) - centre @ mean.astype(np.float64)
    scale = C if C > 0 else 1.0
    fixed = X @ centre.T.astype(X.dtype) if C == 0 else None

    def loss(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        W, b = flat[: flat.size - k].reshape(-1, d), flat[flat.size - k :]
        Z = (X @ W.T.astype(X.dtype) if fixed is None else fixed) + b.astype(X.dtype)
        cross_entropy = np.logaddexp(0, Z) - Y * Z
        gap = (expit(Z) - Y) * weight[:, None]
        value = scale * float(np.dot(weight.astype(np.float64), cross_entropy.sum(axis=1, dtype=np.float64)))
        slope_b = scale * gap.sum(axis=0, dtype=np.float64) + hold * (b - start)
        value += 0.5 * hold * float(((b - start) ** 2).sum())
        if fixed is not None:
            return value, slope_b
        pull = W - centre
        slope_W = scale * (gap.T @ X).astype(np.float64) + pull
        return value + 0.5 * float((pull**2).sum()), np.concatenate([slope_W.ravel(), slope_b])

    first = start if fixed is not None else np.concatenate([centre.ravel(), start])
    found = minimize(loss, first, jac=True, method="L-BFGS-B", options={"maxiter": max_iter, "gtol": 1e-4 * scale})
    W = centre if fixed is not None else found.x[: k * d].reshape(k, d)
    return W, found.x[found.x.size - k :]
