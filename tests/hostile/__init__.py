"""The hostile corpus: what makes `fixtures/hostile/`, one module a group of tricks (fixtures/hostile/README.md)."""
