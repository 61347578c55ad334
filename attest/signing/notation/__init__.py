"""Signatures of the Notary Project: X.509 signatures over a manifest, in JWS or COSE, as `notation` makes them."""
