"""Keys, envelopes and bundles: what makes a signature, and what says whether it holds."""
