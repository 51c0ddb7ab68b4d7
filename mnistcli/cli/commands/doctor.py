"""The `doctor` command: health checks of an installation, and a command that fixes each failure."""

import textwrap
from typing import Annotated

import typer

from mnistcli.cli.cluster import parse_cluster
from mnistcli.cli.escaping import escape
from mnistcli.cli.options import JsonOption, cluster_option
from mnistcli.cli.spinner import show_spinner
from mnistcli.cli.streams import out, print_json, print_line
from mnistcli.diagnosis import FAILED, Check

_NAME_WIDTH = 19
_INDENT = 8 + _NAME_WIDTH
_MIN_WIDTH = 30


def doctor(
    cluster: Annotated[
        str | None,
        cluster_option("Check this Dask cluster instead of this machine", "this machine"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check what works on this machine, and name the command that fixes what does not.

    With --cluster, the scheduler and its workers are checked instead: their versions, and whether
    they see the model and the working directory. The exit code is 1 if something required does not
    work. With --json, the report also lists versions and environment variables, for a bug report.
    """
    address = parse_cluster(cluster, {})
    with show_spinner("Checking"):
        if address is None:
            from mnistcli.diagnosis.report import diagnose

            diagnosis = diagnose()
        else:
            from mnistcli.diagnosis.cluster import diagnose_cluster

            diagnosis = diagnose_cluster(address)
    if as_json:
        print_json(diagnosis.as_dict())
    else:
        for check in diagnosis.checks:
            _print(check)
        failed = sum(check.status == FAILED for check in diagnosis.checks)
        print_line(f"\nfailed checks: {failed}" if failed else "\neverything required works")
    if not diagnosis.works:
        raise typer.Exit(1)


def _print(check: Check) -> None:
    """Print a check; on a terminal, a long text continues below, but a command never breaks."""
    width = max(out.width - _INDENT, _MIN_WIDTH) if out.is_terminal else None
    text = escape(" ".join(check.detail.split()))
    first, *rest = [text] if width is None else textwrap.wrap(text, width) or [""]
    print_line(f"{check.status:<8}{check.name:<{_NAME_WIDTH}}{first}")
    for line in rest:
        print_line(" " * _INDENT + line)
    if check.fix is not None:
        print_line(f"{'':<8}fix: {check.fix}")
