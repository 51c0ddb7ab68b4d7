"""Object downloads: prefetch the next objects in a store (read-ahead), in a thread pool."""

from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

from mnistcli.errors import StoreError
from mnistcli.files.object_stores import StoredObject
from mnistcli.prediction.image_listing import InputImage

_MAX_AHEAD = 16  # concurrent downloads, started before their images are needed
_MAX_BYTES = 4 * 2**20  # larger objects are downloaded when they are decoded


def prefetch_objects(images: Iterable[InputImage]) -> Iterator[InputImage]:
    """Yield images in order, small objects of a store with their content.

    Nothing is read ahead where the next image is not an object.

    Args:
        images: The images.
    """
    pending: deque[InputImage | Future[InputImage]] = deque()
    pool: ThreadPoolExecutor | None = None
    try:
        for found in images:
            is_object = isinstance(found.source, StoredObject)
            if is_object and pool is None:
                pool = ThreadPoolExecutor(_MAX_AHEAD, thread_name_prefix="download")
            pending.append(pool.submit(_download, found) if is_object and pool else found)
            while pending and (len(pending) > _MAX_AHEAD or isinstance(pending[0], InputImage)):
                yield _result_of(pending.popleft())
        while pending:
            yield _result_of(pending.popleft())
    finally:
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)


def _result_of(pending: InputImage | Future[InputImage]) -> InputImage:
    return pending if isinstance(pending, InputImage) else pending.result()


def _download(image: InputImage) -> InputImage:
    """Return a small object with its content, or its error; a large one as it is."""
    stored = image.source
    if not isinstance(stored, StoredObject) or (stored.size or 0) > _MAX_BYTES:
        return image
    try:
        content = stored.read_start(_MAX_BYTES + 1)
    except StoreError as error:
        return replace(image, source=None, error=error)
    if len(content) > _MAX_BYTES:
        return image
    return replace(image, source=replace(stored, size=len(content), content=content))
