"""Sigstore: trust roots, bundles with certificates, log entries and timestamps."""
