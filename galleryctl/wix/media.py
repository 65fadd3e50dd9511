"""The calls on files of the Media Manager: upload, import, look up, wait, list, delete."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

from galleryctl.model.fields import Json
from galleryctl.model.media import Kind, MediaFile
from galleryctl.wix import endpoints, tus
from galleryctl.wix.codec import Object, array, decode_file, obj, text
from galleryctl.wix.endpoints import Endpoint
from galleryctl.wix.errors import AnswerLost, MediaFailed, NotFound
from galleryctl.wix.messages import Outgoing, Reply, parsed
from galleryctl.wix.transport import Transport
from galleryctl.wix.tus import OpenBytes, Source

RESUMABLE_FROM = 10 * 1024 * 1024
"""Bytes above which the vendor wants the resumable protocol."""
FILES_PER_READ = 100
FILES_PER_DELETE = 1000
FILES_PER_PAGE = 100
"""The API's own limits (wix-api)."""
CREATE_TRIES = 3
"""How often a file is sent whose answer gets lost; it is looked for before each further try."""
FIRST_POLL, LONGEST_POLL, POLL_GROWTH = 0.5, 15.0, 1.6
"""Seconds between two looks at a file that is not ready, and by how much they grow."""
READY_WITHIN = 900.0
"""Seconds after which a file that is not ready counts as failed."""


class MediaCalls:
    """Makes and reads files; every method raises ApiError."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def upload(
        self,
        *,
        name: str,
        mime: str,
        size: int,
        open_bytes: OpenBytes,
        folder: str = "",
        labels: Sequence[str] = (),
    ) -> MediaFile:
        """The new file, READY or not yet; `folder` is a path, made when missing.

        The first label must be this content's own: a file whose answer was lost is found again by it.
        """
        source = Source(name=name, mime=mime, size=size, open_bytes=open_bytes)
        wanted = {"mimeType": mime, "fileName": name, "sizeInBytes": str(size), **_placed(folder, labels)}
        send = self._upload_large if size > RESUMABLE_FROM else self._upload_small
        return await self._once(lambda: send(wanted, source), labels)

    async def _upload_small(self, wanted: Object, source: Source) -> MediaFile:
        url = self._upload_url(await self._transport.request(endpoints.UPLOAD_URL, json=wanted))
        content = b"".join([block async for block in tus.blocks(source.open_bytes())])
        if len(content) != source.size:
            raise tus.another_size(source, len(content), endpoints.PUT_UPLOAD)
        headers = {"Content-Type": source.mime}
        put = Outgoing(endpoint=endpoints.PUT_UPLOAD, url=url, headers=headers, content=content)
        return _made(parsed(await self._transport.send(put), put))

    async def _upload_large(self, wanted: Object, source: Source) -> MediaFile:
        body = {**wanted, "uploadProtocol": "TUS"}
        answer = await self._transport.request(endpoints.RESUMABLE_URL, json=body)
        url, token = self._upload_url(answer), text(answer.get("uploadToken"))
        return _made(await tus.upload(self._transport, url, token, source))

    def _upload_url(self, answer: Reply) -> str:
        """Where the bytes go: an https URL, since whoever can read it may write to the site's files."""
        url = text(answer.get("uploadUrl"))
        if not url:
            raise answer.bad("the answer holds no uploadUrl")
        address = self._transport.upload_address(url)
        if address is None:
            raise answer.bad("the uploadUrl that was answered is no https URL")
        return address

    async def import_url(
        self, url: str, kind: Kind, *, name: str = "", folder: str = "", labels: Sequence[str] = ()
    ) -> MediaFile:
        """The file that Wix will fetch from `url`, usually PENDING; labels as in `upload`."""
        body = {"url": url, "mediaType": kind.value.upper(), **_placed(folder, labels)}
        if name:
            body["displayName"] = name

        async def send() -> MediaFile:
            return _made(await self._transport.request(endpoints.IMPORT_FILE, json=body))

        return await self._once(send, labels)

    async def _once(self, send: Callable[[], Awaitable[MediaFile]], labels: Sequence[str]) -> MediaFile:
        """The file that `send` makes; after a lost answer it is looked for by its label before it is sent again."""
        for attempt in range(1, CREATE_TRIES + 1):
            try:
                return await send()
            except AnswerLost:
                if not labels:
                    raise
                await self._transport.timing.sleep(2.0**attempt)  # search needs a moment to know it
                found = await self.find_by_label(labels[0])
                if found is not None:
                    return found
                if attempt == CREATE_TRIES:
                    raise
        raise AssertionError("the last try returns or raises")

    async def get_files(self, ids: Iterable[str]) -> tuple[MediaFile, ...]:
        """The files with these ids, 100 a call; unknown ones are left out."""
        wanted = list(dict.fromkeys(ids))
        batches = [wanted[i : i + FILES_PER_READ] for i in range(0, len(wanted), FILES_PER_READ)]
        answers = [await self._transport.request(endpoints.GET_FILES, json={"fileIds": b}) for b in batches]
        return tuple(file for answer in answers for file in _files(answer))

    async def find_by_label(self, label: str) -> MediaFile | None:
        """A file with this very label that has not failed, a READY one first; None when there is none."""
        body: Object = {"search": label}
        async for page in self._pages(endpoints.SEARCH_FILES, body):
            usable = [file for file in _files(page) if label in file.labels and not file.failed]
            if usable:
                return max(usable, key=lambda file: file.ready)
        return None

    async def find_labelled(self, start: str) -> tuple[MediaFile, ...]:
        """Every file, in whatever folder, that has a label which begins so."""
        found = {
            file.id: file
            async for page in self._pages(endpoints.SEARCH_FILES, {"search": start})
            for file in _files(page)
            if any(label.startswith(start) for label in file.labels)
        }
        return tuple(found.values())

    async def list_files(self, folder: str = "") -> tuple[MediaFile, ...]:
        """The files that lie in the folder of this path ("" is the root); none when there is no such folder."""
        folder_id = await self._folder_id(folder)
        if folder_id is None:
            return ()
        query: Object = {"parentFolderId": folder_id} if folder_id else {}
        return tuple([file async for page in self._pages(endpoints.LIST_FILES, query) for file in _files(page)])

    async def _folder_id(self, path: str) -> str | None:
        """The id of the folder, "" for the root, None when there is none."""
        ident = ""
        for name in filter(None, path.split("/")):
            query: Object = {"parentFolderId": ident} if ident else {}
            children = [
                obj(child)
                async for page in self._pages(endpoints.LIST_FOLDERS, query)
                for child in array(page.get("folders"))
            ]
            ident = next((text(child.get("id")) for child in children if child.get("displayName") == name), "")
            if not ident:
                return None
        return ident

    async def delete_files(self, ids: Sequence[str], *, permanent: bool = False) -> None:
        """Delete files, 1000 a call, into the trash bin unless `permanent`; those that are gone are fine."""
        for start in range(0, len(ids), FILES_PER_DELETE):
            batch = list(ids[start : start + FILES_PER_DELETE])
            try:
                await self._delete(batch, permanent=permanent)
            except NotFound:  # one that is gone makes the call fail for all
                if left := [file.id for file in await self.get_files(batch)]:
                    await self._delete(left, permanent=permanent)

    async def _delete(self, ids: list[str], *, permanent: bool) -> None:
        body: Object = {"fileIds": ids, "permanent": permanent}
        await self._transport.request(endpoints.DELETE_FILES, json=body)

    async def wait_ready(self, files: Iterable[MediaFile], *, within: float = READY_WITHIN) -> tuple[MediaFile, ...]:
        """The same files, in their order, once all are READY; raises MediaFailed, naming each that is not."""
        known = {file.id: file for file in files}
        timing = self._transport.timing
        until, wait = timing.clock() + within, FIRST_POLL
        while True:
            if failed := [file for file in known.values() if file.failed]:
                raise _not_ready("Wix could not process", failed)
            pending = [file for file in known.values() if not file.ready]
            if not pending:
                return tuple(known.values())
            if timing.clock() >= until:
                raise _not_ready(f"not ready after {within:.0f} seconds:", pending)
            await timing.sleep(wait)
            wait = min(wait * POLL_GROWTH, LONGEST_POLL)
            known |= {file.id: file for file in await self.get_files(file.id for file in pending)}

    async def _pages(self, endpoint: Endpoint, query: Object) -> AsyncIterator[Reply]:
        """Every page of a list with cursors."""
        paging: dict[str, Json] = {"limit": FILES_PER_PAGE}
        seen: set[str] = set()
        while True:
            if endpoint.method == "GET":
                dotted = {f"paging.{name}": str(value) for name, value in paging.items()}
                params = {**{name: text(value) for name, value in query.items()}, **dotted}
                page = await self._transport.request(endpoint, params=params)
            else:
                page = await self._transport.request(endpoint, json={**query, "paging": paging})
            yield page
            cursor = obj(page.get("nextCursor"))
            following = text(obj(cursor.get("cursors")).get("next"))
            if cursor.get("hasNext") is True and not following:
                raise page.bad("the answer says that there is more, but not where")
            if not following or cursor.get("hasNext") is False:
                return
            if following in seen:
                raise page.bad("the pages of the answer never end")
            seen.add(following)
            paging = {**paging, "cursor": following}


def _placed(folder: str, labels: Sequence[str]) -> dict[str, Json]:
    """Where a new file goes and what it is labelled with."""
    placed: dict[str, Json] = {"filePath": "/" + folder.strip("/")} if folder.strip("/") else {}
    return {**placed, "labels": list(labels)} if labels else placed


def _files(answer: Reply) -> tuple[MediaFile, ...]:
    decoded = (decode_file(obj(raw)) for raw in array(answer.get("files")))
    return tuple(file for file in decoded if file is not None)


def _made(answer: Reply) -> MediaFile:
    file = decode_file(obj(answer.get("file")))
    if file is None:
        raise answer.bad("the answer holds no file")
    return file


def _not_ready(what: str, files: Sequence[MediaFile]) -> MediaFailed:
    names = ", ".join(file.display_name or file.id for file in files)
    sources = [f"{file.display_name or file.id} from {file.source_url}" for file in files if file.source_url]
    do = f"check {'; '.join(sources)}" if sources else ""
    return MediaFailed(f"{what} {names}", call=endpoints.GET_FILES.name, do=do)
