"""What the `state` commands have in common: open, change under the lock, show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from galleryctl.cli import output
from galleryctl.cli.confirm import confirm, require_tty
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.site import LoadedState, save_state
from galleryctl.engine.state.load import load_complete_state, read_state
from galleryctl.engine.state.rebuild import RebuildResult, rebuild_state, save_rebuilt_state
from galleryctl.engine.state.rekey import rekey_state, undecryptable_versions
from galleryctl.engine.state.restore import restore_version
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.model.bindings import Bindings
from galleryctl.model.errors import GalleryctlError
from galleryctl.report.formatting import escape_control, pluralize
from galleryctl.report.json import dump_safe_json
from galleryctl.report.text import state_list_text
from galleryctl.session.open import lock_owner
from galleryctl.state.state_file import State, encode_state


async def read_workspace_state(settings: CliSettings) -> LoadedState:
    """State and journal of the workspace; the site is not asked. What is odd about them is told."""
    async with get_workspace(settings).open() as site:
        known = read_state(site)
    if known.pending:
        output.info(settings, "A run was broken off; the next apply finds out what else it had done.")
    if not known.state.lineage:
        output.info(settings, f"Nothing was ever written to {site.backend.location}.")
    return known


async def update_state(
    settings: CliSettings, update: Callable[[Bindings], Bindings], *, lock_timeout: float, operation: str
) -> State:
    """The state after `how` was done to it, written under the lock. Raises StateError while a run is broken off."""
    async with get_workspace(settings).open() as site:
        with site.backend.lock(lock_owner(operation), lock_timeout):
            known = await load_complete_state(site)
            return save_state(site, known.state, update(known.bindings))


def print_state(state: State, bindings: Bindings, settings: CliSettings) -> None:
    """Print the bindings, as a list or as the state that knows only them."""
    if settings.format == "json":
        output.result(dump_safe_json(encode_state(replace(state, bindings=bindings))))
    elif text := state_list_text(bindings):
        output.result(text)


async def run_rebuild(settings: CliSettings, *, ask: bool, lock_timeout: float) -> int:
    """The exit code of a rebuild; what state will know, which pairs are guesses, and the question are printed."""
    if ask:
        require_tty("give --auto-approve")
    workspace = get_workspace(settings)
    desired = workspace.load()
    async with workspace.open() as site:
        with site.backend.lock(lock_owner("state rebuild"), lock_timeout):
            rebuilt = await rebuild_state(site, desired)
            for line in _rebuild_messages(rebuilt):
                output.info(settings, line)
            if ask and not confirm("Do you want to write this state?"):
                output.info(settings, "Nothing was written.")
                return 1
            state = save_rebuilt_state(site, rebuilt)
    if settings.format == "json":
        print_state(state, state.bindings, settings)
    else:
        known = pluralize(len(state.bindings.ids), "resource")
        output.result(f"State rebuilt: {known}, {pluralize(len(state.bindings.media), 'file')}, serial {state.serial}.")
    return 0


async def print_versions(settings: CliSettings) -> None:
    """Print the former versions: serial, until when it was the state, where it lies."""
    async with get_workspace(settings).open() as site:
        kept = site.backend.versions()
        if not kept:
            output.info(settings, f"No former version of {site.backend.location} is kept.")
    wide = max((len(str(version.serial)) for version in kept), default=0)
    lines = (
        f"{version.serial:>{wide}}  until {version.replaced_at:%Y-%m-%dT%H:%M:%SZ}  {escape_control(version.location)}"
        for version in kept
    )
    if text := "\n".join(lines):
        output.result(text)


async def run_restore(settings: CliSettings, serial: int, *, lock_timeout: float) -> State:
    """The state after a former version was put back, written under the lock."""
    async with get_workspace(settings).open() as site:
        with site.backend.lock(lock_owner("state restore"), lock_timeout):
            return restore_version(site, serial)


async def run_reseal(settings: CliSettings, *, lock_timeout: float) -> State:
    """The state after it was written with the passphrases of the workspace; what that changed is told."""
    workspace = get_workspace(settings)
    setting = workspace.config.state
    if not (setting.passphrase or setting.former_passphrase):
        raise GalleryctlError(
            "the workspace has no passphrase to seal state with",
            where=workspace.config.root / WORKSPACE_FILE,
            do="give it one: state: {passphrase: ${NAME}}",
        )
    # A state that was sealed with the former one is sealed: what is not is somebody else's.
    readable = setting.former_passphrase is None
    async with workspace.open(plaintext=readable) as site:
        with site.backend.lock(lock_owner("state reseal"), lock_timeout):
            state = await rekey_state(site)
            kept = len(site.backend.versions())
            closed = undecryptable_versions(workspace.without_former_passphrase().state())
    how = "sealed with passphrase" if setting.passphrase else "readable"
    versions = pluralize(kept - len(closed), "former version")
    output.info(settings, f"State is {how} now, with {versions}; its serial is {state.serial}.")
    for version in closed:
        output.info(settings, f"{escape_control(version.location)} cannot be opened; it was left as it is.")
    if setting.former_passphrase and len(workspace.config.sites) > 1:
        output.info(settings, f"{workspace.name} needs former_passphrase no more; reseal each site.")
    elif setting.former_passphrase:
        output.info(settings, "Take former_passphrase out of galleryctl.yaml: nothing needs it any more.")
    return state


def _rebuild_messages(rebuilt: RebuildResult) -> Iterator[str]:
    """What a person should look at before trusting the state."""
    if rebuilt.read_error:
        yield f"The state before cannot be read, and what it alone knew is lost: {escape_control(rebuilt.read_error)}"
    if rebuilt.previous.lineage:
        for address, (before, now) in rebuilt.differences.items():
            yield f"{address}: {before or 'not known'} before, {now or 'not known'} now"
    for notice in rebuilt.notices:
        yield f"{notice.address or 'the workspace'}: {escape_control(notice.message)}"
    for address in rebuilt.missing:
        yield f"{address}: the site does not have it"


async def run_unlock(settings: CliSettings, run: str | None, *, ask: bool) -> int:
    """The exit code of an unlock; who holds the lock is shown before anything is broken."""
    async with get_workspace(settings).open() as site:
        holder = site.backend.lock_holder()
        if holder is None and run is None:
            output.result(f"Nobody has locked {escape_control(site.backend.location)}.")
            return 0
        if holder is not None:
            output.info(settings, f"{site.backend.location} is locked by {holder}.")
        if ask and holder is not None and run in (None, holder.run):
            require_tty(f"when that run is over for certain: galleryctl state unlock {holder.run} --force")
            if not confirm("Is that run over for certain, and shall its lock be broken?"):
                output.info(settings, "The lock stays.")
                return 1
        freed = run or (holder.run if holder else "")
        site.backend.force_unlock(freed)
    output.result(f"The lock of run {escape_control(freed)} is broken.")
    return 0
