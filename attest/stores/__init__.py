"""Where manifests and blobs lie: memory, OCI layouts on disk, archives of them, registries."""
