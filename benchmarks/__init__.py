"""Measurements that anyone can rerun: `make bench`. docs/performance.md tells how to read them."""
