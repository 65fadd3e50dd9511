"""An object store, as much of it as state needs: read, write on a condition, list, delete.

Credentials, region and endpoint come from the environment, as the library reads them; none is ever shown: of an error
only its status, its code and what the connection said is told.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from galleryctl.model.errors import StateError
from galleryctl.state.bucket_errors import NO_SUCH_BUCKET, RATE_LIMITED, advice_for, invalid_variable, redacted_reason
from galleryctl.state.durable_files import MAX_STATE_BYTES, too_large_reason

if TYPE_CHECKING:
    from obstore import PutResult, UpdateVersion
    from obstore.store import ObjectStore, RetryConfig

_MAX_RETRIES = 4
_RETRY_TIMEOUT = timedelta(seconds=30)
RATE_LIMIT_PAUSE = 1.0
"""Seconds: Google takes one write of the same object in that time, and turns away what comes sooner at times."""
MAX_RATE_LIMIT_PAUSES = 10
_FOREIGN_OBJECT_ADVICE = (
    "see who wrote that object; delete it, once no run is under way, or put a former version in its place"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object, and the tag of this content of it."""

    content: bytes
    tag: UpdateVersion


class Bucket:
    """A bucket; `location` is how people write it. Every method raises StateError when it cannot be reached."""

    def __init__(self, store: ObjectStore, location: str, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._store = store
        self._sleep = sleep
        self.location = location

    def get(self, key: str) -> StoredObject | None:
        """The object, None when there is none."""
        import obstore  # noqa: PLC0415 - an extra

        with self._store_errors("the state cannot be read", key):
            try:
                result = obstore.get(self._store, key)
            except FileNotFoundError as error:
                if NO_SUCH_BUCKET.search(str(error)):
                    raise
                return None
            if result.meta["size"] > MAX_STATE_BYTES:
                why = too_large_reason(result.meta["size"])
                raise StateError(
                    "the state cannot be read", where=f"{self.location}/{key}", why=why, do=_FOREIGN_OBJECT_ADVICE
                )
            content = bytes(result.bytes())
        return StoredObject(content=content, tag=_update_version(result.meta["e_tag"], result.meta["version"]))

    def put(self, key: str, content: bytes, expected_tag: UpdateVersion | None) -> UpdateVersion | None:
        """Write the object if it is as `before`, None: if there is none; the new tag, or None when it is not so.

        An answer may be lost after the write took effect, and the next try be refused because of it: so what is there
        is read before it is believed that another wrote it. Contents that must be told apart must differ.
        """
        import obstore  # noqa: PLC0415 - an extra

        refused = (
            obstore.exceptions.AlreadyExistsError,
            obstore.exceptions.PreconditionError,
            FileNotFoundError,  # what should be as `before` is gone
        )
        with self._store_errors("the state cannot be written", key):
            try:
                return _result_tag(
                    self._retry_rate_limited(
                        lambda: obstore.put(self._store, key, content, mode=expected_tag or "create")
                    )
                )
            except refused:
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
        """The keys below `folder`."""
        import obstore  # noqa: PLC0415 - an extra

        with self._store_errors("the state's folder cannot be listed", folder):
            return [meta["path"] for page in obstore.list(self._store, folder) for meta in page]

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these objects; one that is gone already is fine."""
        import obstore  # noqa: PLC0415 - an extra

        for key in keys:
            with (
                self._store_errors("what is not needed any more cannot be deleted", key),
                suppress(FileNotFoundError),
            ):
                obstore.delete(self._store, key)

    def _retry_rate_limited(self, write: Callable[[], PutResult]) -> PutResult:
        """What `write` returns, once the store has time for it: it is told to slow down for longer than the library waits."""
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
    def _store_errors(self, what: str, key: str) -> Iterator[None]:
        """Make a StateError of what the library raises within the `with`."""
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra

        try:
            yield
        except NotImplementedError as error:
            raise self._store_error(
                f"{what}: this store, or how it is set up, knows no conditional writes", key, error
            ) from error
        except (BaseError, OSError, ValueError) as error:
            raise self._store_error(what, key, error) from error
        except BaseException as error:
            # The library's last word: it exports no class to catch.
            if type(error).__name__ != "PanicException":
                raise
            raise self._store_error(what, key, error) from error

    def _store_error(self, what: str, key: str, error: BaseException) -> StateError:
        said = str(error)
        scheme = self.location.partition(":")[0]
        return StateError(what, where=f"{self.location}/{key}", why=redacted_reason(said), do=advice_for(said, scheme))


def open_bucket(location: str) -> tuple[Bucket, str]:
    """The bucket and the key of `s3://BUCKET/KEY`, `gs://BUCKET/KEY` or `az://CONTAINER/KEY`.

    Raises StateError when the library is missing, or the environment does not say enough.
    """
    try:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - an extra
        from obstore.store import AzureStore, GCSStore, S3Store  # noqa: PLC0415
    except ImportError as error:
        raise StateError(
            "state in an object store needs the library `obstore`, which is not installed",
            where=location,
            why=str(error),
            do="pip install 'galleryctl[object-store]'",
        ) from error
    scheme, _, rest = location.partition("://")
    name, _, key = rest.partition("/")
    broken = invalid_variable(os.environ, scheme)
    if broken is not None:
        raise StateError(
            "the object store cannot be used",
            where=location,
            why=broken,
            do="correct that variable: see docs/how-to/share-state.md",
        )
    # No options of the client are given: they would take the place of those in the environment.
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
            do="put the account and credentials for the store into the environment: see docs/how-to/share-state.md",
        ) from error
    return Bucket(store, f"{scheme}://{name}"), key


def _result_tag(result: PutResult) -> UpdateVersion:
    return _update_version(result["e_tag"], result["version"])


def _update_version(e_tag: str | None, version: str | None) -> UpdateVersion:
    """What identifies a content: most stores go by the e-tag, Google's by the version."""
    tag: UpdateVersion = {}
    if e_tag is not None:
        tag["e_tag"] = e_tag
    if version is not None:
        tag["version"] = version
    return tag
