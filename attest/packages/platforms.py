"""What a package file is for, as OCI writes it (image-spec, image-index.md, `platform`): os, architecture, variant.

Ecosystems say more (the interpreter's ABI, the C library, the oldest system) and less (``any``). So a file may be for
several platforms, or for none that OCI can name. Within one ecosystem of operating system distributions (deb, rpm, apk)
two names never mean one platform; elsewhere they do, as ``manylinux`` and ``musllinux``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, order=True)
class Platform:
    """Names as Go's GOOS and GOARCH have them; ``variant`` only where OCI has one."""

    os: str
    architecture: str
    variant: str | None = None

    def json(self) -> dict[str, str]:
        """The members of a descriptor's `platform`."""
        plain = {"os": self.os, "architecture": self.architecture}
        return plain if self.variant is None else {**plain, "variant": self.variant}

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


_Processor = tuple[str, str | None]

_PROCESSORS: Final[Mapping[str, _Processor]] = {
    "x86_64": ("amd64", None),
    "amd64": ("amd64", None),
    "x64": ("amd64", None),
    "i386": ("386", None),
    "i486": ("386", None),
    "i586": ("386", None),
    "i686": ("386", None),
    "x86": ("386", None),
    "aarch64": ("arm64", None),
    "arm64": ("arm64", None),
    "armv6l": ("arm", "v6"),
    "armv7l": ("arm", "v7"),
    "ppc64": ("ppc64", None),
    "ppc64le": ("ppc64le", None),
    "s390x": ("s390x", None),
    "riscv64": ("riscv64", None),
    "loongarch64": ("loong64", None),
    "mips64el": ("mips64le", None),
}
"""As most ecosystems call them."""

_DEB: Final[Mapping[str, _Processor]] = {
    "amd64": ("amd64", None),
    "arm64": ("arm64", None),
    "armel": ("arm", "v5"),
    "armhf": ("arm", "v7"),
    "i386": ("386", None),
    "loong64": ("loong64", None),
    "mips": ("mips", None),
    "mips64el": ("mips64le", None),
    "mipsel": ("mipsle", None),
    "ppc64": ("ppc64", None),
    "ppc64el": ("ppc64le", None),
    "riscv64": ("riscv64", None),
    "s390x": ("s390x", None),
}
_RPM: Final[Mapping[str, _Processor]] = {
    "x86_64": ("amd64", None),
    "x86_64_v2": ("amd64", "v2"),
    "x86_64_v3": ("amd64", "v3"),
    "x86_64_v4": ("amd64", "v4"),
    "aarch64": ("arm64", None),
    "armv5tel": ("arm", "v5"),
    "armv6hl": ("arm", "v6"),
    "armv7hl": ("arm", "v7"),
    "i686": ("386", None),
    "loongarch64": ("loong64", None),
    "mips64el": ("mips64le", None),
    "mipsel": ("mipsle", None),
    "ppc64": ("ppc64", None),
    "ppc64le": ("ppc64le", None),
    "riscv64": ("riscv64", None),
    "s390x": ("s390x", None),
}
_APK: Final[Mapping[str, _Processor]] = {
    "x86_64": ("amd64", None),
    "x86": ("386", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v6"),
    "armv7": ("arm", "v7"),
    "loongarch64": ("loong64", None),
    "ppc64le": ("ppc64le", None),
    "riscv64": ("riscv64", None),
    "s390x": ("s390x", None),
}
_CONDA_SYSTEMS: Final = {"linux": "linux", "osx": "darwin", "win": "windows", "freebsd": "freebsd"}
_CONDA: Final[Mapping[str, _Processor]] = {**_PROCESSORS, "64": ("amd64", None), "32": ("386", None)}

_MAC: Final = re.compile(r"macosx_[0-9]+_[0-9]+_(?P<processor>\w+)")
_LINUX: Final = re.compile(
    r"(?:manylinux(?:1|2010|2014|_[0-9]+_[0-9]+)|musllinux_[0-9]+_[0-9]+|linux)_(?P<processor>\w+)"
)
_MAC_SETS: Final = {
    "universal2": ("x86_64", "arm64"),
    "intel": ("i386", "x86_64"),
    "universal": ("i386", "ppc", "ppc64", "x86_64"),
}
_WINDOWS: Final = {"win32": "x86", "win_amd64": "x86_64", "win_arm64": "arm64"}

_GEM: Final = re.compile(r"(?P<processor>[a-z0-9_]+)-(?P<system>darwin|freebsd|linux|mingw|mswin|openbsd|netbsd)")
_GEM_SYSTEMS: Final = {"mingw": "windows", "mswin": "windows"}

_BOTTLE: Final = re.compile(r"(?P<processor>x86_64|[a-z0-9]+)_(?P<system>[a-z_]+)")
_MAC_RELEASES: Final = frozenset(
    {"sierra", "high_sierra", "mojave", "catalina", "big_sur", "monterey", "ventura", "sonoma", "sequoia", "tahoe"}
)


def platforms(type: str, written: str | None) -> tuple[Platform, ...]:
    """The platforms that ``written`` means in the ecosystem ``type``, sorted; none where OCI cannot say it.

    >>> [str(item) for item in platforms("pypi", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64")]
    ['linux/amd64']
    """
    read = _READERS.get(type)
    if written is None or read is None:
        return ()
    return tuple(sorted(set(read(written))))


def _made(os: str, processor: str, known: Mapping[str, _Processor] = _PROCESSORS) -> Iterator[Platform]:
    found = known.get(processor)
    if found is not None:
        yield Platform(os, *found)


def _wheel(written: str) -> Iterator[Platform]:
    """The last of a wheel's tags (platform compatibility tags): a set, with dots between; ``any`` in it means all."""
    tags = written.rpartition("-")[2].split(".")
    for tag in tags if "any" not in tags else ():
        if tag in _WINDOWS:
            yield from _made("windows", _WINDOWS[tag])
        elif mac := _MAC.fullmatch(tag):
            for processor in _MAC_SETS.get(mac["processor"], (mac["processor"],)):
                yield from _made("darwin", processor)
        elif linux := _LINUX.fullmatch(tag):
            yield from _made("linux", linux["processor"])


def _gem(written: str) -> Iterator[Platform]:
    """``x86_64-linux-musl``, ``arm64-darwin-23``, ``x64-mingw-ucrt`` (Gem::Platform)."""
    found = _GEM.match(written)
    if found is None:
        return
    system = _GEM_SYSTEMS.get(found["system"], found["system"])
    if found["processor"] == "arm":
        yield Platform(system, "arm")
    elif found["processor"] == "universal":
        for processor in _MAC_SETS["universal2"]:
            yield from _made(system, processor)
    else:
        yield from _made(system, found["processor"])


def _bottle(written: str) -> Iterator[Platform]:
    """``arm64_sonoma``, ``sonoma`` (an Intel processor), ``x86_64_linux`` (Homebrew's Utils::Bottles::Tag)."""
    found = _BOTTLE.fullmatch(written)
    if written in _MAC_RELEASES:
        yield Platform("darwin", "amd64")
    elif found is not None and found["system"] == "linux":
        yield from _made("linux", found["processor"])
    elif found is not None and found["system"] in _MAC_RELEASES:
        yield from _made("darwin", found["processor"])


def _conda(written: str) -> Iterator[Platform]:
    """A subdir, such as ``linux-aarch64`` or ``osx-64``."""
    system, _, processor = written.partition("-")
    if system in _CONDA_SYSTEMS:
        yield from _made(_CONDA_SYSTEMS[system], processor, _CONDA)


def _of_linux(known: Mapping[str, _Processor]) -> Callable[[str], Iterator[Platform]]:
    return lambda written: _made("linux", written, known)


_READERS: Final[Mapping[str, Callable[[str], Iterator[Platform]]]] = MappingProxyType(
    {
        "pypi": _wheel,
        "gem": _gem,
        "brew": _bottle,
        "conda": _conda,
        "deb": _of_linux(_DEB),
        "rpm": _of_linux(_RPM),
        "apk": _of_linux(_APK),
    }
)
DISTRIBUTIONS: Final = MappingProxyType({"deb": tuple(_DEB), "rpm": tuple(_RPM), "apk": tuple(_APK)})
"""The architectures of each ecosystem within which no two names mean one platform."""
