"""The command line in this process: output, errors and exit code of a command."""

from typer.testing import CliRunner, Result

from mnistcli.cli import app


def invoke(*arguments: object, stdin: bytes | None = None) -> Result:
    """Run a command."""
    words = [str(argument) for argument in arguments]
    return CliRunner().invoke(app, words, prog_name="mnistcli", input=stdin)


def succeed(*arguments: object) -> Result:
    """Run a command that must end with exit code 0."""
    result = invoke(*arguments)
    assert result.exit_code == 0, (result.stderr, result.exception)
    return result


def fail(*arguments: object) -> tuple[int, list[str]]:
    """Run a command that must fail with an error; return its exit code and lines on stderr."""
    result = invoke(*arguments)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stderr.splitlines()
