"""`media gc` with a person or a pipeline in front: lock, show, ask, look again, delete."""

from __future__ import annotations

from galleryctl.cli import output
from galleryctl.cli.confirm import confirm, require_tty
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.media_gc import delete_unused_files, list_uploaded_files, unused_files
from galleryctl.engine.state.load import load_complete_state
from galleryctl.report.formatting import pluralize
from galleryctl.report.media import media_json, media_text
from galleryctl.session.open import lock_owner


async def run_media_gc(settings: CliSettings, *, ask: bool, permanent: bool, lock_timeout: float) -> int:
    """The exit code; the files, the question and what was deleted are printed."""
    if ask:
        require_tty("give --auto-approve; `galleryctl media list` shows what there is")
    workspace = get_workspace(settings)
    desired = workspace.load()
    async with workspace.open() as site:
        with site.backend.lock(lock_owner("media gc"), lock_timeout):
            known = await load_complete_state(site)
            found = unused_files(await list_uploaded_files(site, desired, known.bindings))
            if found and settings.format == "text" and not settings.quiet:
                output.result(media_text(found, color=output.use_color(settings), width=output.terminal_width()))
            if found and ask:
                how = "for good" if permanent else "into the trash bin"
                if not confirm(f"Do you want to delete {pluralize(len(found), 'file')} {how}?"):
                    output.info(settings, "Nothing was deleted.")
                    return 1
            gone = await delete_unused_files(site, desired, known, found, permanent=permanent) if found else ()
    if settings.format == "json":
        output.result(media_json(site.site_id, found, {each.file.id for each in gone}))
    elif not found:
        output.result("Every uploaded file is shown or wanted.")
    else:
        where = "for good" if permanent else "they are in the trash bin"
        output.result(f"Deleted {pluralize(len(gone), 'file')}; {where}.")
    for each in found:
        if each not in gone:
            output.info(settings, f"{each.file.display_name} ({each.file.id}) came into use meanwhile; it stays.")
    return 0
