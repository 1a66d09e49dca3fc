"""Benchmarks, run with `make bench`. See docs/performance.md."""
