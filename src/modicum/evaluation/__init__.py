"""How good is it, and is one better than the other? Metrics, honest splits, paired statistics, benchmark rows."""
