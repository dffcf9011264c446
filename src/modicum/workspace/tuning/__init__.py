"""Rung 5 of the ladder: weights of the encoder are tuned, judged on held-out rows, and shipped where they gain."""
