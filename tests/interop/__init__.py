"""Four programs sign, and each of them verifies what each signed."""
