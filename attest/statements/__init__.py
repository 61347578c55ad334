"""What was said: in-toto statements over opaque bytes, and the documents that they carry."""
