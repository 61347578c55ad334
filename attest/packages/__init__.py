"""Packages: purls, digests, anchors, where they lie, and one module an ecosystem. Files are read, never unpacked."""
