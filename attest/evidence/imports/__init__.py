"""Attestations that ecosystems publish themselves: read, made bundles without loss, hung on what they are about."""
