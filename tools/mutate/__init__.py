"""A mutation tester: it changes the code in one place at a time, and tests that do not notice are too few.

``python -m tools.mutate [FILE|FOLDER]…``. The tests run once to learn which of them reach which line, in a process that
keeps everything imported. Each mutant is then a fork of that process, with the changed function put in place, in which
only the tests of its line run, until the first fails. What is decided while a file is imported (a table, a default) is
tried in a fork that forgets this project's modules and imports them anew.

Mutants that nobody kills must stand in a list in `tests/mutants/` with a reason.
"""
