"""An object store, as much of it as state needs: read, write on a condition, list, delete.

Credentials, region and endpoint come from the environment, as the library reads them; none is ever shown: of an error
only its status, its code and what the connection said is told.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from galleryctl.model.errors import StateError

if TYPE_CHECKING:
    from obstore import PutResult, UpdateVersion
    from obstore.store import ObjectStore, RetryConfig

MAX_RETRIES = 4
RETRY_TIMEOUT = timedelta(seconds=30)

_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE)
_INSTANCE = "169.254.169.254"
"""Where credentials are asked for when the environment has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An object, and the tag of this content of it."""

    content: bytes
    tag: UpdateVersion


class Bucket:
    """A bucket; `location` is how people write it. Every method raises StateError when it cannot be reached."""

    def __init__(self, store: ObjectStore, location: str) -> None:
        self._store = store
        self.location = location

    def get(self, key: str) -> Found | None:
        """The object, None when there is none."""
        import obstore  # noqa: PLC0415 - an extra

        try:
            result = obstore.get(self._store, key)
            content = bytes(result.bytes())
        except FileNotFoundError as error:
            if _NO_BUCKET.search(str(error)):
                raise self._trouble("the state cannot be read", key, error) from error
            return None
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._trouble("the state cannot be read", key, error) from error
        return Found(content=content, tag=_tag(result.meta["e_tag"], result.meta["version"]))

    def put(self, key: str, content: bytes, before: UpdateVersion | None) -> UpdateVersion | None:
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
        try:
            return _result_tag(obstore.put(self._store, key, content, mode=before or "create"))
        except refused as error:
            found = self.get(key)
            if before is None and found is None:
                raise self._trouble("the state cannot be written", key, error) from error
            return found.tag if found is not None and found.content == content else None
        except NotImplementedError as error:
            raise StateError(
                "the state cannot be written: this store, or how it is set up, knows no conditional writes",
                where=f"{self.location}/{key}",
                do="see docs/how-to/share-state.md; is AWS_CONDITIONAL_PUT set in the environment?",
            ) from error
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            found = self.get(key)
            if found is not None and found.content == content:
                return found.tag
            raise self._trouble("the state cannot be written", key, error) from error

    def list(self, folder: str) -> Sequence[str]:
        """The keys below `folder`."""
        import obstore  # noqa: PLC0415 - an extra

        try:
            return [meta["path"] for page in obstore.list(self._store, folder) for meta in page]
        except (obstore.exceptions.BaseError, OSError, ValueError) as error:
            raise self._trouble("the state's folder cannot be listed", folder, error) from error

    def delete(self, keys: Iterable[str]) -> None:
        """Delete these objects; one that is gone already is fine."""
        import obstore  # noqa: PLC0415 - an extra

        for key in keys:
            try:
                obstore.delete(self._store, key)
            except FileNotFoundError:
                continue
            except (obstore.exceptions.BaseError, OSError, ValueError) as error:
                raise self._trouble("what is not needed any more cannot be deleted", key, error) from error

    def _trouble(self, what: str, key: str, error: Exception) -> StateError:
        said = str(error)
        do = "see whether the store can be reached, and run the same command again; nothing that was saved is lost"
        if _NO_BUCKET.search(said):
            do = "make the bucket, or correct state in galleryctl.yaml"
        elif _INSTANCE in said:
            do = "put credentials for the store into the environment: see docs/how-to/share-state.md"
        elif "builder error" in said:
            do = "an endpoint without TLS is allowed by AWS_ALLOW_HTTP=true (GOOGLE_, AZURE_) in the environment"
        elif re.search(r"status code: 40[13]", said):
            do = "give the credentials in the environment the right to read, write, list and delete there"
        return StateError(what, where=f"{self.location}/{key}", why=_why(said), do=do)


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
    # No options of the client are given: they would take the place of those in the environment.
    retry: RetryConfig = {"max_retries": MAX_RETRIES, "retry_timeout": RETRY_TIMEOUT}
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
            why=_why(str(error)),
            do="put the account and credentials for the store into the environment: see docs/how-to/share-state.md",
        ) from error
    return Bucket(store, f"{scheme}://{name}"), key


def _why(said: str) -> str:
    """What an error of the library says without addresses and bodies: they may hold signatures and keys."""
    status = re.search(r"status code: (\d+(?: [A-Z][A-Za-z ]+)?)", said)
    code = re.search(r"<Code>(\w+)</Code>", said)
    if status:
        return f"{status[1]} ({code[1]})" if code else status[1]
    line = said.partition("\n")[0].rpartition(" - ")[2]
    return re.sub(r"\s*\(?https?://\S+", "", line)


def _result_tag(result: PutResult) -> UpdateVersion:
    return _tag(result["e_tag"], result["version"])


def _tag(e_tag: str | None, version: str | None) -> UpdateVersion:
    """What identifies a content: most stores go by the e-tag, Google's by the version."""
    tag: UpdateVersion = {}
    if e_tag is not None:
        tag["e_tag"] = e_tag
    if version is not None:
        tag["version"] = version
    return tag
