"""What developers of `attest` run: each a script or a package of its own."""
