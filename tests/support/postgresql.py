"""A throwaway PostgreSQL server of the system's packages, on a loopback port of its own."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def find_programs() -> Path | None:
    """Return the directory of ``initdb`` and ``pg_ctl``; None if PostgreSQL is not installed."""
    directories = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    found = [directory for directory in directories if (directory / "initdb").exists()]
    own = shutil.which("initdb")
    return found[0] if found else Path(own).resolve().parent if own else None


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a database server, or skip the test if there is none; yield an empty database's URL.

    The server refuses to run as root; the account ``nobody`` runs it then.
    """
    programs = find_programs()
    if programs is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    directory = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
    account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
    user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    if account is not None:
        os.chown(directory, account.pw_uid, account.pw_gid)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(directory / "data")
    control = [str(programs / "pg_ctl"), "-D", data, "-w", "-l", str(directory / "log")]

    def call(*command: str) -> None:
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=directory, **user)  # type: ignore[call-overload]

    try:
        call(str(programs / "initdb"), "-D", data, "-A", "trust", "-U", "test", "--no-sync")
        call(*control, "-o", f"-p {port} -k {directory} -h 127.0.0.1 -F", "start")
        yield f"postgresql+psycopg://test@127.0.0.1:{port}/postgres"
    finally:
        if (directory / "data" / "postmaster.pid").exists():
            call(*control, "-m", "immediate", "stop")
        shutil.rmtree(directory, ignore_errors=True)
