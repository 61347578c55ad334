"""What package files say about themselves."""
