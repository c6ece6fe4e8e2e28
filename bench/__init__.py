"""Benchmarks: the figures asked of Coterie, each beside the raw engine in the same run. `make bench` runs them all."""
