"""The requests for files of the Media Manager: upload, import, find, wait, list, delete."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from galleryctl.model.errors import StateError
from galleryctl.model.fields import Json
from galleryctl.model.media import Kind, MediaFile
from galleryctl.model.partial_upload import PartialUpload
from galleryctl.model.waiting import Waiting, WaitKind
from galleryctl.wix import endpoints, tus
from galleryctl.wix.codec import JsonObject, as_array, as_object, as_string, decode_file
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import ApiError, MediaFailed, NotFound, ResponseLost
from galleryctl.wix.messages import BodySink, JsonReply, Request, parse_reply
from galleryctl.wix.transport import Transport
from galleryctl.wix.tus import OnBegin, OpenBytes, UploadSource
from galleryctl.wix.upload_errors import PROCESSING_FAILED

_RESUMABLE_THRESHOLD = 10 * 1024 * 1024
"""Bytes; Wix requires resumable uploads for larger files."""
_FILES_PER_READ = 100
_FILES_PER_DELETE = 1000
_FILES_PER_PAGE = 100
"""The API's limits."""
_MAX_PAGES = 1000
"""The most pages of a list with cursors: 100,000 files."""
_MAX_CREATE_ATTEMPTS = 3
"""How often a file is sent if the response is lost; before each retry the file is looked for."""
_FIRST_POLL, _MAX_POLL, _POLL_GROWTH = 0.5, 15.0, 1.6
"""Seconds between two status requests for a file that is not ready, and the factor by which they grow."""
_READY_TIMEOUT = 900.0
"""Seconds after which a file that is not ready counts as failed."""


async def _ignore_begin(_partial: PartialUpload) -> None:
    """Do nothing: no other run continues this upload."""


class MediaCalls:
    """Creates, reads and deletes files; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def upload(
        self,
        *,
        name: str,
        mime: str,
        size: int,
        open_bytes: OpenBytes,
        digest: str = "",
        folder: str = "",
        labels: Sequence[str] = (),
        partial: PartialUpload | None = None,
        on_begin: OnBegin = _ignore_begin,
    ) -> MediaFile:
        """Upload a file and return it, READY or not yet; `folder` is a path, created if missing.

        The first label must be unique to this content: it identifies the file if the response is lost. `partial` is an
        upload by an earlier run, which is continued if that is possible and if it is of bytes with the same `digest`.
        """
        source = UploadSource(name=name, mime=mime, size=size, digest=digest, open_bytes=open_bytes)
        body = {"mimeType": mime, "fileName": name, "sizeInBytes": str(size), **_placement(folder, labels)}
        if size <= _RESUMABLE_THRESHOLD:
            return await self._create_once(lambda: self._upload_small(body, source), labels)
        earlier = [] if partial is None else [partial]

        async def send() -> MediaFile:
            if earlier and (reply := await tus.resume_upload(self._transport, earlier.pop(), source)) is not None:
                return _decode_created_file(reply)
            return await self._upload_large(body, source, on_begin)

        return await self._create_once(send, labels)

    async def _upload_small(self, body: JsonObject, source: UploadSource) -> MediaFile:
        url = self._upload_url(await self._transport.request(endpoints.UPLOAD_URL, json=body))
        content = b"".join([block async for block in tus.iter_blocks(source.open_bytes())])
        if len(content) != source.size:
            raise tus.size_changed_error(source, len(content), endpoints.PUT_UPLOAD)
        headers = {"Content-Type": source.mime}
        put = Request(endpoint=endpoints.PUT_UPLOAD, url=url, headers=headers, content=content)
        return _decode_created_file(parse_reply(await self._transport.send(put), put))

    async def _upload_large(self, body: JsonObject, source: UploadSource, on_begin: OnBegin) -> MediaFile:
        reply = await self._transport.request(endpoints.RESUMABLE_URL, json={**body, "uploadProtocol": "TUS"})
        url, token = self._upload_url(reply), as_string(reply.get("uploadToken"))
        return _decode_created_file(await tus.upload_resumable(self._transport, url, token, source, on_begin))

    def _upload_url(self, reply: JsonReply) -> str:
        """Return the upload URL, which must be https: it is a credential to write to the site's files."""
        url = as_string(reply.get("uploadUrl"))
        if not url:
            raise reply.malformed("the response has no uploadUrl")
        resolved = self._transport.resolve_upload_url(url)
        if resolved is None:
            raise reply.malformed("the uploadUrl in the response is not an https URL")
        return resolved

    async def import_url(
        self, url: str, kind: Kind, *, name: str = "", folder: str = "", labels: Sequence[str] = ()
    ) -> MediaFile:
        """Let Wix fetch a file from `url` and return the file, usually PENDING; labels as in `upload`."""
        body = {"url": url, "mediaType": kind.value.upper(), **_placement(folder, labels)}
        if name:
            body["displayName"] = name

        async def send() -> MediaFile:
            return _decode_created_file(await self._transport.request(endpoints.IMPORT_FILE, json=body))

        return await self._create_once(send, labels)

    async def _create_once(self, send: Callable[[], Awaitable[MediaFile]], labels: Sequence[str]) -> MediaFile:
        """Return the file that `send` creates; after a lost response, look for it by label before sending again."""
        for attempt in range(1, _MAX_CREATE_ATTEMPTS + 1):
            try:
                return await send()
            except ResponseLost:
                if not labels:
                    raise
                await self._transport.waits.pause(
                    Waiting(
                        kind=WaitKind.READS,
                        what="the Media Manager's search to show the file whose upload was not answered",
                        seconds=2.0**attempt,  # search finds a new file only after a delay
                        before=2.0**attempt - 2,
                    )
                )
                if (file := await self.find_by_label(labels[0])) is not None:
                    return file
                if attempt == _MAX_CREATE_ATTEMPTS:
                    raise
            except ApiError as error:
                if attempt == 1:
                    raise
                # an earlier attempt may have created the file
                raise ResponseLost(error.what, call=error.call, status=error.status, do=error.do) from error
            except StateError as error:
                if attempt == 1:
                    raise
                raise ResponseLost(error.what, call="upload", do=error.do) from error
        raise AssertionError("the last attempt returns or raises")

    async def get_files(self, ids: Iterable[str]) -> tuple[MediaFile, ...]:
        """Return the files with these ids, 100 per request; unknown ids are left out."""
        unique = list(dict.fromkeys(ids))
        batches = [unique[i : i + _FILES_PER_READ] for i in range(0, len(unique), _FILES_PER_READ)]
        replies = [await self._transport.request(endpoints.GET_FILES, json={"fileIds": batch}) for batch in batches]
        return tuple(file for reply in replies for file in _decode_files(reply))

    async def download(self, file_id: str, sink: BodySink) -> None:
        """Pass the original of a file to `sink`."""
        reply = await self._transport.request(endpoints.DOWNLOAD_URL, json={"fileId": file_id})
        urls = [as_string(as_object(each).get("url")) for each in as_array(reply.get("downloadUrls"))]
        resolved = self._transport.resolve_upload_url(urls[0]) if urls and urls[0] else None
        if resolved is None:
            raise reply.malformed("the response has no https URL to download from")
        await self._transport.send(Request(endpoint=endpoints.DOWNLOAD, url=resolved, sink=sink))

    async def find_by_label(self, label: str) -> MediaFile | None:
        """Return a file with exactly this label that has not failed, preferably READY, or None."""
        body: JsonObject = {"search": label}
        async for page in self._pages(endpoints.SEARCH_FILES, body):
            usable = [file for file in _decode_files(page) if label in file.labels and not file.failed]
            if usable:
                return max(usable, key=lambda file: file.ready)
        return None

    async def find_by_label_prefix(self, prefix: str) -> tuple[MediaFile, ...]:
        """Return every file, in any folder, with a label that starts with `prefix`."""
        by_id = {
            file.id: file
            async for page in self._pages(endpoints.SEARCH_FILES, {"search": prefix})
            for file in _decode_files(page)
            if any(label.startswith(prefix) for label in file.labels)
        }
        return tuple(by_id.values())

    async def list_files(self, folder: str = "") -> tuple[MediaFile, ...]:
        """Return the files in the folder of this path ("" is the root); none if the folder does not exist."""
        folder_id = await self._folder_id(folder)
        if folder_id is None:
            return ()
        query: JsonObject = {"parentFolderId": folder_id} if folder_id else {}
        return tuple([file async for page in self._pages(endpoints.LIST_FILES, query) for file in _decode_files(page)])

    async def _folder_id(self, path: str) -> str | None:
        """Return the folder's id, "" for the root, None if it does not exist."""
        ident = ""
        for name in filter(None, path.split("/")):
            query: JsonObject = {"parentFolderId": ident} if ident else {}
            children = [
                as_object(child)
                async for page in self._pages(endpoints.LIST_FOLDERS, query)
                for child in as_array(page.get("folders"))
            ]
            ident = next((as_string(child.get("id")) for child in children if child.get("displayName") == name), "")
            if not ident:
                return None
        return ident

    async def delete_files(self, ids: Sequence[str], *, permanent: bool = False) -> None:
        """Delete files, 1000 per request, into the trash unless `permanent`; missing files are ignored."""
        for start in range(0, len(ids), _FILES_PER_DELETE):
            batch = list(ids[start : start + _FILES_PER_DELETE])
            try:
                await self._delete(batch, permanent=permanent)
            except NotFound:  # one missing file makes the whole request fail
                if existing := [file.id for file in await self.get_files(batch)]:
                    await self._delete(existing, permanent=permanent)

    async def _delete(self, ids: list[str], *, permanent: bool) -> None:
        body: JsonObject = {"fileIds": ids, "permanent": permanent}
        await self._transport.request(endpoints.DELETE_FILES, json=body)

    async def wait_ready(self, files: Iterable[MediaFile], *, within: float = _READY_TIMEOUT) -> tuple[MediaFile, ...]:
        """Wait until all files are READY and return them in order; raises MediaFailed, naming those that are not."""
        by_id = {file.id: file for file in files}
        what = _processing([file for file in by_id.values() if not file.ready])
        waiting = Waiting(kind=WaitKind.MEDIA, what=what, seconds=within, at_most=True)
        clock = self._transport.timing.clock
        deadline, wait = clock() + within, _FIRST_POLL
        with self._transport.waits.during(waiting) as sleep:
            while True:
                if failed := [file for file in by_id.values() if file.failed]:
                    raise _not_ready_error("Wix could not process", failed, code=PROCESSING_FAILED)
                pending = [file for file in by_id.values() if not file.ready]
                if not pending:
                    return tuple(by_id.values())
                if clock() >= deadline:
                    raise _not_ready_error(f"not ready after {within:.0f} seconds:", pending)
                await sleep(wait)
                wait = min(wait * _POLL_GROWTH, _MAX_POLL)
                by_id |= {file.id: file for file in await self.get_files(file.id for file in pending)}

    async def _pages(self, endpoint: Endpoint, query: JsonObject) -> AsyncIterator[JsonReply]:
        """Return the pages of a list with cursors."""
        paging: dict[str, Json] = {"limit": _FILES_PER_PAGE}
        seen: set[str] = set()
        while True:
            if endpoint.method == "GET":
                dotted = {f"paging.{name}": str(value) for name, value in paging.items()}
                params = {**{name: as_string(value) for name, value in query.items()}, **dotted}
                page = await self._transport.request(endpoint, params=params)
            else:
                page = await self._transport.request(endpoint, json={**query, "paging": paging})
            yield page
            cursor = as_object(page.get("nextCursor"))
            following = as_string(as_object(cursor.get("cursors")).get("next"))
            if cursor.get("hasNext") is True and not following:
                raise page.malformed("the response announces another page without a cursor")
            if not following or cursor.get("hasNext") is False:
                return
            if following in seen:
                raise page.malformed("the response repeats the cursor of an earlier page")
            seen.add(following)
            if len(seen) == _MAX_PAGES:
                raise page.malformed(f"the list has more than {_MAX_PAGES:,} pages")
            paging = {**paging, "cursor": following}


def _placement(folder: str, labels: Sequence[str]) -> dict[str, Json]:
    path: dict[str, Json] = {"filePath": "/" + folder.strip("/")} if folder.strip("/") else {}
    return {**path, "labels": list(labels)} if labels else path


def _decode_files(reply: JsonReply) -> tuple[MediaFile, ...]:
    decoded = (decode_file(as_object(raw)) for raw in as_array(reply.get("files")))
    return tuple(file for file in decoded if file is not None)


def _decode_created_file(reply: JsonReply) -> MediaFile:
    file = decode_file(as_object(reply.get("file")))
    if file is None:
        raise reply.malformed("the response has no file")
    return file


def _processing(pending: Sequence[MediaFile]) -> str:
    """Return what is waited for while the Media Manager processes these files."""
    if not pending:
        return "the Media Manager"
    first = pending[0]
    more = f" and {len(pending) - 1:,} more files" if len(pending) > 1 else ""
    work = "fetch and process" if first.source_url else "process"
    return f"the Media Manager to {work} {first.display_name or first.id}{more}"


def _not_ready_error(what: str, files: Sequence[MediaFile], *, code: str = "") -> MediaFailed:
    names = ", ".join(file.display_name or file.id for file in files)
    sources = [f"{file.display_name or file.id} from {file.source_url}" for file in files if file.source_url]
    do = f"check {'; '.join(sources)}" if sources else ""
    return MediaFailed(f"{what} {names}", call=endpoints.GET_FILES.name, do=do, code=code)
