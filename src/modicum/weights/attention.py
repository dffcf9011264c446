"""Where queries meet keys: a layer without weights, so that another way of attending can be put in its place."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Softmax attention.

    Args:
        heads: Number of heads.
        width: Numbers of a query in each head.
    """

    def __init__(self, heads: int, width: int) -> None:
        super().__init__()
        self.heads = heads
        self.width = width

    def forward(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor, dropped: float) -> Tensor:
        """Means of values by how their keys match each query.

        Args:
            query: Queries (n, heads, L, width); keys and values are of the same shape.
            key: Keys.
            value: Values.
            mask: Where there are keys (n, 1, 1, L), truth values.
            dropped: Share of the weights that are dropped, 0 but for training.
        """
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropped)
