"""Sign, attach and verify evidence about packages of any ecosystem, on any OCI registry."""

__version__ = "0.1.0"
