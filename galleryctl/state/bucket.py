"""The operations on an object store that state needs: read, conditional write, list, delete.

The library reads credentials, region and endpoint from the environment. None is ever printed: an error message contains
only the status, the error code and the connection error.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from copy import copy
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.model.waiting import Waiting, WaitKind, WaitObserver, unobserved
from galleryctl.network import NetworkSettings
from galleryctl.state.bucket_errors import (
    NO_SUCH_BUCKET,
    RATE_LIMITED,
    advice_for,
    endpoint_url,
    invalid_variable,
    redacted_reason,
)
from galleryctl.state.durable_files import MAX_STATE_BYTES, too_large_reason
from galleryctl.state.interruptible import call_interruptibly

if TYPE_CHECKING:
    from obstore import ObjectMeta, PutResult, UpdateVersion
    from obstore.store import ObjectStore, RetryConfig

_MAX_RETRIES = 4
_RETRY_TIMEOUT = timedelta(seconds=30)
RATE_LIMIT_PAUSE = 1.0
"""Seconds: Google accepts one write of the same object in that time and may answer earlier ones with 429."""
MAX_RATE_LIMIT_PAUSES = 10
_MAX_KEYS = 10_000
"""The most objects that are listed: a store may announce another page for ever."""
_FOREIGN_OBJECT_ADVICE = (
    "find out who wrote that object; when no run is active, delete it or replace it with a previous version"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object's content and the tag that identifies this content."""

    content: bytes
    tag: UpdateVersion


class Bucket:
    """A bucket; `location` is its URL. Every method raises StateError when it cannot be reached."""

    def __init__(
        self,
        store: ObjectStore,
        location: str,
        *,
        sleep: Callable[[float], object] = time.sleep,
        on_wait: WaitObserver = unobserved,
    ) -> None:
        self._store = store
        self._sleep = sleep
        self._on_wait = on_wait
        self.location = location

    def observed(
        self, what: str, kind: WaitKind = WaitKind.STORE, *, interruptible: bool = False
    ) -> AbstractContextManager[object]:
        """Return a context manager for a wait for `what`, however long the store takes."""
        return self._on_wait(Waiting(kind=kind, what=what, interruptible=interruptible))

    def without_observer(self) -> Bucket:
        """Return the same bucket for work in the background, for which nobody waits."""
        silent = copy(self)
        silent._on_wait = unobserved  # noqa: SLF001 - its own
        return silent

    def get(self, key: str) -> StoredObject | None:
        """Return the object, None if there is none."""
        import obstore  # noqa: PLC0415 - an extra

        def read() -> tuple[ObjectMeta, bytes]:
            result = obstore.get(self._store, key)
            return result.meta, b"" if result.meta["size"] > MAX_STATE_BYTES else bytes(result.bytes())

        with self._store_errors("the state cannot be read", key, reading=True):
            try:
                meta, content = call_interruptibly(read)
            except FileNotFoundError as error:
                if NO_SUCH_BUCKET.search(str(error)):
                    raise
                return None
            if meta["size"] > MAX_STATE_BYTES:
                why = too_large_reason(meta["size"])
                where = f"{self.location}/{key}"
                raise StateError("the state cannot be read", where=where, why=why, do=_FOREIGN_OBJECT_ADVICE)
        return StoredObject(content=content, tag=_update_version(meta["e_tag"], meta["version"]))

    def put(self, key: str, content: bytes, expected_tag: UpdateVersion | None) -> UpdateVersion | None:
        """Write the object if it still has `expected_tag`, or if there is none and the tag is None.

        Returns the new tag, None if nothing was written. A response may be lost after the write took effect; the
        library's retry is then rejected. Therefore a rejected write counts as done if the object has `content`, and
        writes that must be distinguished must differ in content.
        """
        import obstore  # noqa: PLC0415 - an extra

        rejected = (
            obstore.exceptions.AlreadyExistsError,
            obstore.exceptions.PreconditionError,
            FileNotFoundError,  # the object with `expected_tag` is gone
        )
        with self._store_errors("the state cannot be written", key):
            try:
                result = self._retry_rate_limited(
                    lambda: obstore.put(self._store, key, content, mode=expected_tag or "create")
                )
                return _update_version(result["e_tag"], result["version"])
            except rejected:
                found = self.get(key)
                if expected_tag is None and found is None:
                    raise
                return found.tag if found is not None and found.content == content else None
            except (obstore.exceptions.BaseError, OSError, ValueError):
                found = self.get(key)
                if found is not None and found.content == content:
                    return found.tag
                raise

    def list(self, folder: str) -> Sequence[str]:
        """Return the keys below `folder`."""
        import obstore  # noqa: PLC0415 - an extra

        keys: list[str] = []
        with self._store_errors("the state's folder cannot be listed", folder, reading=True):
            pages = iter(obstore.list(self._store, folder))
            while (page := call_interruptibly(lambda: next(pages, None))) is not None:
                keys += [meta["path"] for meta in page]
                if len(keys) > _MAX_KEYS:
                    where, why = f"{self.location}/{folder}", f"it has more than {_MAX_KEYS:,} objects"
                    do = "find out who wrote them, and delete those that are not previous versions of the state"
                    raise StateError("the state's folder cannot be listed", where=where, why=why, do=do)
        return keys

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these objects; ignore those that do not exist."""
        import obstore  # noqa: PLC0415 - an extra

        for key in keys:
            with (
                self._store_errors("an object that is no longer needed cannot be deleted", key),
                suppress(FileNotFoundError),
            ):
                obstore.delete(self._store, key)

    def _retry_rate_limited(self, write: Callable[[], PutResult]) -> PutResult:
        """Return the result of `write`, retried after 429 for longer than the library does."""
        from obstore.exceptions import GenericError  # noqa: PLC0415 - an extra

        for _ in range(MAX_RATE_LIMIT_PAUSES):
            try:
                return write()
            except GenericError as error:
                if not RATE_LIMITED.search(str(error)):
                    raise
            self._sleep(RATE_LIMIT_PAUSE)
        return write()

    @contextmanager
    def _store_errors(self, what: str, key: str, *, reading: bool = False) -> Iterator[None]:
        """Raise StateError for any error of the library within the `with`."""
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        try:
            with self.observed(f"{self.location}, which stores the state", interruptible=reading):
                yield
        except NotImplementedError as error:
            what = f"{what}: this store or its configuration does not support conditional writes"
            raise self._store_error(what, key, error) from error
        except (BaseError, OSError, ValueError) as error:
            raise self._store_error(what, key, error) from error
        except BaseException as error:
            # A panic of the library, which exports no class for it.
            if type(error).__name__ != "PanicException":
                raise
            raise self._store_error(what, key, error) from error

    def _store_error(self, what: str, key: str, error: BaseException) -> StateError:
        message, scheme = str(error), self.location.partition(":")[0]
        where = f"{self.location}/{key}"
        return StateError(what, where=where, why=redacted_reason(message), do=advice_for(message, scheme))


def open_bucket(location: str, *, on_wait: WaitObserver = unobserved) -> tuple[Bucket, str]:
    """Return the bucket and the key of `s3://BUCKET/KEY`, `gs://BUCKET/KEY` or `az://CONTAINER/KEY`.

    Raises StateError if the library is missing or the environment is incomplete.
    """
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
        from obstore.store import AzureStore, GCSStore, S3Store  # noqa: PLC0415
    except ImportError as error:
        raise StateError(
            "state in an object store needs the library `obstore`, which is not installed",
            where=location,
            why=str(error),
            do="in the checkout of galleryctl: python -m pip install '.[object-store]'",
        ) from error
    scheme, _, rest = location.partition("://")
    name, _, key = rest.partition("/")
    problem = invalid_variable(os.environ, scheme)
    if problem is not None:
        do = "correct that variable: see 'Share state' in the documentation"
        raise StateError("the object store cannot be used", where=location, why=problem, do=do)
    try:
        NetworkSettings().check(endpoint_url(os.environ, scheme))
    except GalleryctlError as error:
        raise StateError(f"{location} cannot be used: {error.what}", where=error.where, do=error.do) from error
    # No client options are passed: they would override those in the environment.
    retry: RetryConfig = {"max_retries": _MAX_RETRIES, "retry_timeout": _RETRY_TIMEOUT}
    store: ObjectStore
    try:
        if scheme == "s3":
            store = S3Store(name, retry_config=retry)
        elif scheme == "gs":
            store = GCSStore(name, retry_config=retry)
        else:
            store = AzureStore(name, retry_config=retry)
    except (BaseError, OSError, ValueError) as error:
        raise StateError(
            "the object store cannot be used",
            where=location,
            why=redacted_reason(str(error)),
            do="set the store's account and credentials in the environment: see 'Share state' in the documentation",
        ) from error
    return Bucket(store, f"{scheme}://{name}", on_wait=on_wait), key


def _update_version(e_tag: str | None, version: str | None) -> UpdateVersion:
    """Return what identifies a content: most stores compare the e-tag, Google's compares the version."""
    tag: UpdateVersion = {}
    if e_tag is not None:
        tag["e_tag"] = e_tag
    if version is not None:
        tag["version"] = version
    return tag
