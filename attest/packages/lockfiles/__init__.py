"""Lockfiles: which packages, by which digests, somebody has decided to use. One module a kind."""
