"""Benchmarks of the feed as it runs: the site in a browser."""
