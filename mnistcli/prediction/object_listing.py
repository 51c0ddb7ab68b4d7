"""Object listing: the images in a folder of an object store, and those that a pattern matches."""

from collections import Counter
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase

from mnistcli.errors import StoreError
from mnistcli.files.kinds import is_data_name
from mnistcli.files.natural_order import natural_key
from mnistcli.files.object_stores import StoredObject, StoreEntry
from mnistcli.image_io.pages import find_page
from mnistcli.prediction.image_listing import (
    SUBFOLDER,
    InputImage,
    failed_image,
    is_hidden,
    report_skipped,
    skip_reason_of_name,
)

_WILDCARDS = {"*", "?"}


def find_objects(
    stored: StoredObject, *, recursive: bool, on_note: Callable[[str], None] | None
) -> Iterator[InputImage]:
    """Find the images that a URL names: an object, a page, a folder, or a pattern.

    The entries of only one folder are in memory at a time. A name with the suffix of an image
    counts as an object, without asking the store.

    Args:
        stored: The object, the folder or the pattern, with ``*`` or ``?`` in its last part.
        recursive: Whether to include the subfolders of a folder.
        on_note: Receives messages, such as about objects that were skipped in a folder.
    """
    if not stored.bucket.partition("://")[2]:
        yield failed_image(stored, f"no bucket in {stored.url!r}")
    elif _WILDCARDS & set(stored.name):
        yield from _match(stored)
    elif (page := find_page(stored)) is not None:
        yield InputImage(stored, page)
    elif is_data_name(stored.name):
        yield failed_image(stored, f"{stored.url!r} is a data file: download it first")
    elif not stored.url.endswith("/") and skip_reason_of_name(stored.name) is None:
        yield InputImage(stored, stored)
    else:
        try:
            is_folder = stored.url.endswith("/") or stored.is_folder()
        except StoreError as error:
            yield InputImage(stored, error=error)
            return
        if is_folder:
            skipped: Counter[str] = Counter()
            found = _walk(stored, skipped, recursive=recursive)
            yield from report_skipped(stored, found, skipped, on_note)
        else:
            yield InputImage(stored, stored)


def _walk(folder: StoredObject, skipped: Counter[str], *, recursive: bool) -> Iterator[InputImage]:
    """Yield the images in a folder by name, then those in its subfolders; count other objects."""
    try:
        entries = _sorted_entries(folder)
    except StoreError as error:
        yield InputImage(folder, error=error)
        return
    subfolders = []
    for entry in entries:
        reason = SUBFOLDER if entry.is_folder else skip_reason_of_name(entry.name)
        if reason is None:
            image = folder.child(entry)
            yield InputImage(image, image)
        elif reason == SUBFOLDER and recursive:
            subfolders.append(entry)
        else:
            skipped[reason] += 1
    for entry in subfolders:
        yield from _walk(folder.child(entry), skipped, recursive=recursive)


def _match(pattern: StoredObject) -> Iterator[InputImage]:
    """Yield the objects that a pattern matches."""
    folder = StoredObject(pattern.url.rpartition("/")[0])
    if _WILDCARDS & set(folder.url):
        yield failed_image(
            pattern,
            f"wildcards are allowed only in the last part of a URL: {pattern.url!r}",
            "--recursive",
        )
        return
    try:
        entries = _sorted_entries(folder, hidden=is_hidden(pattern.name))
    except StoreError as error:
        yield InputImage(pattern, error=error)
        return
    matches = [
        folder.child(entry)
        for entry in entries
        if not entry.is_folder and fnmatchcase(entry.name, pattern.name)
    ]
    yield from (InputImage(match, match) for match in matches)
    if not matches:
        yield failed_image(pattern, f"no objects match {pattern.url!r}")


def _sorted_entries(folder: StoredObject, *, hidden: bool = False) -> list[StoreEntry]:
    """Return the entries of a folder in natural order.

    Raises:
        StoreError: The folder cannot be read.
    """
    visible = (entry for entry in folder.list_entries() if hidden or not is_hidden(entry.name))
    return sorted(visible, key=lambda entry: natural_key(entry.name))
