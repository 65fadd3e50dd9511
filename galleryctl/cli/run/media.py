"""The work of `media gc`: lock, list the unused files, ask for confirmation, check again, delete."""

from __future__ import annotations

from galleryctl.cli import output
from galleryctl.cli.confirm import confirm, require_tty
from galleryctl.cli.options import CliSettings
from galleryctl.cli.state_lock import hold_state_lock
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.media_gc import delete_unused_files, list_uploaded_files, unused_files
from galleryctl.engine.state.load import load_complete_state
from galleryctl.model.command import command_line
from galleryctl.report.formatting import pluralize
from galleryctl.report.media import media_json, media_text


async def run_media_gc(settings: CliSettings, *, ask: bool, permanent: bool, lock_timeout: float | None) -> int:
    """Delete the unused files and print them; return the exit code."""
    if ask:
        require_tty("give --auto-approve; list the files first: " + command_line("media", "list"))
    workspace = get_workspace(settings)
    desired = workspace.load()
    async with workspace.open() as site, hold_state_lock(settings, site, "media gc", lock_timeout):
        loaded = await load_complete_state(site)
        unused = unused_files(await list_uploaded_files(site, desired, loaded.bindings))
        if unused and settings.format == "text" and not settings.quiet:
            output.result(media_text(unused, color=output.use_color(settings), width=output.terminal_width()))
        if unused and ask:
            files = pluralize(len(unused), "file")
            how = f"permanently delete {files}" if permanent else f"move {files} to the trash bin"
            if not confirm(f"Do you want to {how}?"):
                output.info(settings, "Nothing was deleted.")
                return 1
        deleted = await delete_unused_files(site, desired, loaded, unused, permanent=permanent) if unused else ()
    files = pluralize(len(deleted), "file")
    if settings.format == "json":
        text = media_json(site.site_id, unused, {each.file.id for each in deleted})
    elif not unused:
        text = "No unused files. All uploaded files are in use."
    else:
        text = f"Permanently deleted {files}." if permanent else f"Moved {files} to the trash bin."
    code = output.outcome(text)
    for each in unused:
        if each not in deleted:
            output.info(settings, f"Kept {each.file.display_name} ({each.file.id}): it is in use now.")
    return code
