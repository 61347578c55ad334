"""A whole Sigstore on the loopback interface: identities, certificates, both logs and timestamps, all of it real."""
