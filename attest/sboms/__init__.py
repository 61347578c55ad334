"""Making bills of materials: one neutral form, from packages and lockfiles, and a writer for each format."""
