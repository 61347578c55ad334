"""OCI values over raw bytes: digests, descriptors, manifests, references. Pure, no I/O."""
