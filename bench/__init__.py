"""Benchmarks: ``python -m bench``. One file a subject; each measures in one run what it compares."""
