"""Arguments of `predict`: parse them and check their combinations."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from mnistcli.cli.option_conflicts import forbid_together
from mnistcli.cli.prediction.output_format import OutputFormat
from mnistcli.errors import ConfigError
from mnistcli.files.kinds import is_data_name

if TYPE_CHECKING:  # loads NumPy, which help and errors do without
    from mnistcli.files.object_stores import FileName


def require_png(option: typer.CallbackParam, path: Path | None) -> Path | None:
    """Return the name of a PNG file; figures are always written as PNG.

    Raises:
        ConfigError: The name does not end in ``.png``.
    """
    if path is not None and path.suffix.lower() != ".png":
        has_name = path.name not in {"", ".."}
        name = path.with_suffix(".png") if has_name else path / "predictions.png"
        raise ConfigError(
            f"--{option.name} must be a file name that ends in .png, not {str(path)!r}",
            hint=f"--{option.name} {name}",
        )
    return path


def parse_digit_counts(digits: str) -> range:
    """Parse a number of digits, such as ``6``, or a range, such as ``4-6``.

    Raises:
        ConfigError: The text is neither a number nor a range of numbers.
    """
    from mnistcli.prediction.digit_counts import MAX_DIGITS, digit_count_range

    minimum, _, maximum = digits.partition("-")
    try:
        return digit_count_range(int(minimum), int(maximum or minimum))
    except ValueError as error:
        raise ConfigError(
            f"--digits must be a number from 1 to {MAX_DIGITS} or a range such as 4-6, "
            f"not {digits!r}",
            hint="--digits 4-6",
        ) from error


def choose_format(
    output: Path | None, images: list[str], regions: Path | None, *, as_csv: bool, as_json: bool
) -> OutputFormat:
    """Return the format of the results, from the options or the name of the output.

    Raises:
        ConfigError: Both options are given.
    """
    if as_csv:
        forbid_together("--csv", {"--json": as_json}, hint="--csv")
    if output is not None and not as_csv and not as_json:
        suffix = output.suffix.lower()
        as_csv, as_json = suffix == ".csv", suffix in {".json", ".jsonl"}
    only_rows = len(images) == 1 and is_data_name(Path(images[0]).name)
    return OutputFormat(as_csv, as_json, only_rows=only_rows, has_regions=regions is not None)


def require_continuable(
    output_format: OutputFormat, output: Path | None, others: Mapping[str, object]
) -> None:
    """Check that an output can be continued.

    Args:
        output_format: The format of the results.
        output: The output file.
        others: Options that need all images; see `forbid_together`.

    Raises:
        ConfigError: There is no output file, it is neither CSV nor JSON Lines, or an option cannot
            be combined with `--continue`.
    """
    forbid_together("--continue", others)
    if output is None or not output_format.can_continue:
        raise ConfigError(
            "--continue requires --output with a file that ends in .csv, .json or .jsonl",
            hint="--output predictions.jsonl",
        )


def parse_shard(shard: str | None, regions: Path | None) -> "Callable[[FileName], bool] | None":
    """Return a function that tells whether a file belongs to a shard; None for all files.

    Raises:
        ConfigError: The shard is invalid, or there are regions, which need the first scan.
    """
    if shard is None:
        return None
    forbid_together("--shard", {"--regions": regions})
    from mnistcli.prediction.image_selection import Shard

    return Shard.parse(shard).contains
