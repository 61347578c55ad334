"""The command line: one file a command; each parses, wires, prints and returns an exit code."""
