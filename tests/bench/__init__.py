"""Benchmarks: `make bench`. Ours and a peer in turns, medians, and the table of README.md."""
