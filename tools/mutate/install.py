"""Puts a mutant in place: its function into the functions that are there, or its file before the next import."""

from __future__ import annotations

import functools
import gc
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Final

from tools.mutate.mutant import Mutant, Source

OURS: Final = ("attest", "tests", "bench")
"""Packages that are imported anew for a mutant that has its effect on import."""


class Functions:
    """All functions of ``sources`` that live in this process, by their code."""

    def __init__(self, sources: Sequence[Source]) -> None:
        paths = {str(Path(source.path).resolve()): source for source in sources}
        self._living: defaultdict[tuple[str, str, int], list[FunctionType]] = defaultdict(list)
        self._caches = []
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType) and thing.__code__.co_filename in paths:
                self._living[_key(thing.__code__)].append(thing)
            elif isinstance(thing, functools._lru_cache_wrapper) and _is_ours(thing.__module__):
                self._caches.append(thing)

    def put(self, mutant: Mutant) -> bool:
        """Change the mutant's function where it is; False if it must be imported anew instead."""
        path = str(Path(mutant.source.path).resolve())
        before = dict(_codes(compile(mutant.source.text, path, "exec", dont_inherit=True)))
        after = dict(_codes(compile(mutant.text, path, "exec", dont_inherit=True)))
        changed = [(code, after[name]) for name, code in before.items() if name in after and code != after[name]]
        pairs = [(function, new) for old, new in changed for function in self._living.get(_key(old), ())]
        if not pairs or any(len(new.co_freevars) != len(old.__code__.co_freevars) for old, new in pairs):
            return False
        for function, new in pairs:
            function.__code__ = new
        for cache in self._caches:
            cache.cache_clear()
        return True


def _is_ours(module: str | None) -> bool:
    return module is not None and module.split(".")[0] == "attest"


def _key(code: CodeType) -> tuple[str, str, int]:
    return code.co_filename, code.co_qualname, code.co_firstlineno


def _codes(code: CodeType, outer: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], CodeType]]:
    """All code within, by names and, where names are the same, order."""
    seen: defaultdict[str, int] = defaultdict(int)
    for inner in code.co_consts:
        if isinstance(inner, CodeType):
            seen[inner.co_name] += 1
            name = (*outer, f"{inner.co_name} {seen[inner.co_name]}")
            yield name, inner
            yield from _codes(inner, name)


class _Changed(SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.get_filename(fullname), "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if name != self._mutant.source.module:
            return None
        file = Path(self._mutant.source.path).resolve()
        folders = [str(file.parent)] if file.name == "__init__.py" else None
        loader = _Changed(name, str(file), self._mutant.text)
        return spec_from_file_location(name, file, loader=loader, submodule_search_locations=folders)


def forget_and_import_changed(mutant: Mutant) -> None:
    """What is imported from now on is new, and the mutant's file is changed."""
    for name in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Finder(mutant))
