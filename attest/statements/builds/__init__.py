"""What CI services say of the build that they run, and SLSA provenance made of it."""
