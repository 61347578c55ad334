"""``python -m bench [--json] [NAME…]``: run the benchmarks; exit 1 if a target is missed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence

from bench import bundles, copying, discovery, lockfile, policy, startup
from bench.harness import Table, machine, text

BENCHMARKS: dict[str, Callable[[Callable[[], None]], Table]] = {
    "startup": startup.measure,
    "discovery": discovery.measure,
    "bundles": bundles.measure,
    "copying": copying.measure,
    "policy": policy.measure,
    "lockfile": lockfile.measure,
    "growth": lockfile.measure_growth,
}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure, and hold against the targets.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; default: all")
    parser.add_argument("--json", action="store_true", help="print JSON, and only JSON, to stdout")
    chosen = parser.parse_args(arguments)
    if unknown := [name for name in chosen.names if name not in BENCHMARKS]:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")

    where = machine()
    tables = [BENCHMARKS[name](tick) for name in chosen.names or BENCHMARKS]
    print(file=sys.stderr)
    if chosen.json:
        results = {
            table.title: {"rounds": table.rounds, "rows": [row.as_json() for row in table.rows]} for table in tables
        }
        print(json.dumps({"machine": where, "results": results}, indent=2))
    else:
        print("\n\n".join(map(text, tables)))
        print("\n" + ", ".join(f"{name} {value}" for name, value in where.items()))
    return 0 if all(row.met for table in tables for row in table.rows) else 1


def tick() -> None:
    print(".", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
