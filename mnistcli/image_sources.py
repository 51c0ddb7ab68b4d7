"""Image sources: the files that a path, a directory or a pattern stands for."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mnistcli.errors import ImageError
from mnistcli.predictions import Prediction
from mnistcli.preprocessing import is_image_name


def find_images(sources: Iterable[str]) -> Iterator["Path | Prediction"]:
    """Return the picture files that are meant, one after the other.

    Args:
        sources: Each a file; a directory, which stands for the pictures in it; or a pattern such
            as ``scans/*.png``, which stands for the files it fits (``*`` and ``?`` make a pattern).

    Yields:
        The files, those of a directory or a pattern in the order of their names; a reading with an
        error in the place of a directory without pictures or of a pattern that fits nothing.
    """
    for source in sources:
        path = Path(source)
        if path.is_dir():
            yield from _pictures_in(path)
        elif {"*", "?"} & set(source) and not path.exists():
            found: list[Path] = sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor))))
            yield from found
            if not found:
                yield _nothing(path, "no file fits")
        else:
            yield path


def require_other_files(outputs: Sequence[Path], sources: Iterable[str]) -> None:
    """Check that no picture that is to be read would be replaced by one that is to be drawn.

    Args:
        outputs: What is to be drawn.
        sources: As `find_images` takes them.

    Raises:
        ImageError: One would, or two drawings have the same name.
    """
    if len(set(outputs)) < len(outputs):
        raise ImageError(
            f"two drawings cannot both be {str(outputs[0])!r}",
            hint="mnistcli predict IMAGE --save drawing.png --explain steps.png",
        )
    for output in (path for path in outputs if path.exists()):
        for picture in find_images(sources):
            if isinstance(picture, Path) and picture.exists() and picture.samefile(output):
                raise ImageError(
                    f"{str(output)!r} is to be read: drawing would replace it",
                    hint=f"mnistcli predict IMAGE --save {output.stem}_read.png",
                )


def _pictures_in(folder: Path) -> Iterator["Path | Prediction"]:
    try:
        pictures = sorted(filter(is_image_name, folder.iterdir()), key=lambda path: path.name)
    except PermissionError:
        yield _nothing(folder, "not allowed to read")
        return
    if not pictures:
        yield _nothing(folder, "no pictures in")
    yield from pictures


def _nothing(path: Path, what: str) -> "Prediction":
    deeper = path / "**" / "*.png" if path.is_dir() else "*.png"
    error = ImageError(f"{what} {str(path)!r}", hint=f"mnistcli predict '{deeper}'")
    return Prediction(path, error=error)
