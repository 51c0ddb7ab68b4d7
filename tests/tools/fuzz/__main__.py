"""Command line of the fuzzer."""

import argparse
import sys

from tests.tools.fuzz.worker import run_cases

_KINDS = ("images", "models", "data", "runs")


def main() -> int:
    """Run the cases and print the counts; return 1 if one of them failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.fuzz")
    parser.add_argument("--kind", choices=_KINDS, action="append")
    parser.add_argument("--seconds", type=float, default=60, help="time for all kinds")
    parser.add_argument("--count", type=int, help="cases of each kind, whatever the time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args()
    kinds = options.kind or _KINDS
    failures = 0
    for kind in kinds:
        limit = (
            {"count": options.count} if options.count else {"seconds": options.seconds / len(kinds)}
        )
        report = run_cases(kind, seed=options.seed, first=options.first, **limit)
        print(
            f"{kind}: {report.cases:,} cases, {report.refused:,} refused, {report.accepted:,} "
            f"accepted, {len(report.failures)} failed; slowest {report.slowest:.2f} s, largest "
            f"{report.largest >> 20} MB",
            flush=True,
        )
        for failure in report.failures:
            print(f"  {failure}")
        failures += len(report.failures)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
