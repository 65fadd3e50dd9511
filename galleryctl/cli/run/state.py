"""The work of the `state` commands: read the state, change it under the lock, print it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from galleryctl.cli import output
from galleryctl.cli.confirm import confirm, require_tty
from galleryctl.cli.options import CliSettings
from galleryctl.cli.state_lock import hold_state_lock
from galleryctl.cli.workspace import get_workspace
from galleryctl.engine.history import read_summaries
from galleryctl.engine.site import LoadedState, save_state
from galleryctl.engine.state.load import load_complete_state, read_state
from galleryctl.engine.state.rebuild import RebuildResult, rebuild_state, save_rebuilt_state
from galleryctl.engine.state.restore import restore_version
from galleryctl.manifest.workspace import WORKSPACE_FILE
from galleryctl.model.bindings import Bindings
from galleryctl.model.command import command_line
from galleryctl.model.errors import GalleryctlError, StateError
from galleryctl.plan.history.record import RunSummary
from galleryctl.report.formatting import escape_control, pluralize
from galleryctl.report.json import dump_safe_json
from galleryctl.report.text import state_list_text
from galleryctl.state.backend import StateBackend
from galleryctl.state.state_file import State, encode_state


async def read_workspace_state(settings: CliSettings) -> LoadedState:
    """Read state and journal without accessing the site; print a note if they are incomplete or missing."""
    async with get_workspace(settings).open() as site:
        loaded = read_state(site)
    if loaded.pending:
        output.info(settings, "An earlier run did not finish; the next apply reconciles its changes.")
    if not loaded.state.lineage:
        output.info(settings, f"No state has been written to {site.backend.location} yet.")
    return loaded


async def update_state(
    settings: CliSettings, update: Callable[[Bindings], Bindings], *, lock_timeout: float | None, operation: str
) -> State:
    """Update and save the state under the lock. Raises StateError if an interrupted run is not yet reconciled."""
    async with get_workspace(settings).open() as site, hold_state_lock(settings, site, operation, lock_timeout):
        loaded = await load_complete_state(site)
        return save_state(site, loaded.state, update(loaded.bindings))


def print_state(state: State, bindings: Bindings, settings: CliSettings) -> None:
    """Print the bindings, as a list or as a state document that contains only them."""
    if text := _state_text(state, bindings, settings):
        output.result(text)


def print_written_state(state: State, bindings: Bindings, settings: CliSettings) -> int:
    """Print the bindings as `print_state` does, after a write of the state; return the exit code."""
    text = _state_text(state, bindings, settings)
    return output.outcome(text) if text else 0


def _state_text(state: State, bindings: Bindings, settings: CliSettings) -> str:
    if settings.format == "json":
        return dump_safe_json(encode_state(replace(state, bindings=bindings)))
    return state_list_text(bindings)


async def run_rebuild(settings: CliSettings, *, adopt_guesses: bool, ask: bool, lock_timeout: float | None) -> int:
    """Rebuild the state after confirmation, printing what changes and what is guessed; return the exit code."""
    if ask:
        require_tty("give --auto-approve")
    workspace = get_workspace(settings)
    desired = workspace.load()
    async with workspace.open() as site, hold_state_lock(settings, site, "state rebuild", lock_timeout):
        rebuilt = await rebuild_state(site, desired, adopt_guesses=adopt_guesses)
        for line in _rebuild_messages(rebuilt):
            output.info(settings, line)
        if ask and not confirm("Do you want to write this state?"):
            output.info(settings, "Nothing was written.")
            return 1
        state = save_rebuilt_state(site, rebuilt)
    if settings.format == "json":
        return print_written_state(state, state.bindings, settings)
    resources, files = (
        pluralize(len(state.bindings.ids), "resource"),
        pluralize(len(set(state.bindings.media.values())), "file"),
    )
    return output.outcome(f"State rebuilt: {resources}, {files}, serial {state.serial}.")


async def print_versions(settings: CliSettings) -> None:
    """Print the previous versions: serial, time of replacement, location."""
    async with get_workspace(settings).open() as site:
        versions = site.backend.versions()
        if not versions:
            output.info(settings, f"No previous versions of {site.backend.location} are stored.")
    width = max((len(str(version.serial)) for version in versions), default=0)
    lines = (
        f"{version.serial:>{width}}  until {version.replaced_at:%Y-%m-%dT%H:%M:%SZ}  {escape_control(version.location)}"
        for version in versions
    )
    if text := "\n".join(lines):
        output.result(text)


async def run_restore(settings: CliSettings, serial: int, *, lock_timeout: float | None) -> State:
    """Restore a previous version of the state under the lock."""
    async with get_workspace(settings).open() as site, hold_state_lock(settings, site, "state restore", lock_timeout):
        return restore_version(site, serial)


async def run_reseal(settings: CliSettings, *, lock_timeout: float | None) -> State:
    """Encrypt or decrypt state and versions as the workspace configures, and print what was done."""
    workspace = get_workspace(settings)
    setting = workspace.config.state
    if not (setting.passphrase or setting.former_passphrase):
        raise GalleryctlError(
            "the workspace has no passphrase to encrypt the state with",
            where=workspace.config.root / WORKSPACE_FILE,
            do="set one: state: {passphrase: ${STATE_PASSPHRASE}}",
        )
    # With a former_passphrase the state must be encrypted; a plaintext state may be forged and is rejected.
    async with (
        workspace.open(plaintext=setting.former_passphrase is None) as site,
        hold_state_lock(settings, site, "state reseal", lock_timeout),
    ):
        loaded = await load_complete_state(site)
        if not loaded.state.lineage:
            raise StateError(
                "no state exists yet", where=site.backend.location, do="apply first: " + command_line("apply")
            )
        state = save_state(site, loaded.state, loaded.bindings)
    subject = _encrypted_contents(settings, site.backend)
    output.info(
        settings, f"{subject} now {'encrypted' if setting.passphrase else 'unencrypted'} (serial {state.serial})."
    )
    if setting.former_passphrase and len(workspace.config.sites) > 1:
        output.info(
            settings, f"Site {workspace.name} no longer needs former_passphrase; run state reseal for each site."
        )
    elif setting.former_passphrase:
        output.info(settings, "Remove former_passphrase from galleryctl.yaml; it is no longer needed.")
    return state


def _encrypted_contents(settings: CliSettings, backend: StateBackend) -> str:
    """Return the subject of a message about all that can be decrypted; print what cannot be."""
    versions = [(version.location, state is not None) for version, state in backend.read_versions()]
    records = [("", True) if isinstance(each, RunSummary) else (each.where, False) for each in read_summaries(backend)]
    for location in (location for location, is_readable in (*versions, *records) if not is_readable):
        output.info(settings, f"{escape_control(location)} cannot be decrypted and was left unchanged.")
    found = ((versions, "previous version", ""), (records, "record of a run", "records of runs"))
    counts = ((sum(is_readable for _, is_readable in each), one, many) for each, one, many in found)
    parts = ["State", *(pluralize(*count) for count in counts if count[0])]
    listed = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"{listed} {'are' if len(parts) > 1 else 'is'}"


def _rebuild_messages(rebuilt: RebuildResult) -> Iterator[str]:
    """Yield what to check before relying on the state."""
    if rebuilt.read_error:
        yield f"The previous state cannot be read; information that only it had is lost: {escape_control(rebuilt.read_error)}"
    if rebuilt.previous.lineage:
        for address, (before, now) in rebuilt.differences.items():
            yield f"{address}: was {before or 'not in state'}, now {now or 'not in state'}"
    for notice in rebuilt.notices:
        yield f"{notice.address or 'the workspace'}: {escape_control(notice.message)}"
    for address in rebuilt.missing:
        yield f"{address}: not found on the site"


async def run_unlock(settings: CliSettings, run: str | None, *, ask: bool) -> int:
    """Show the lock holder and force-unlock after confirmation; return the exit code."""
    async with get_workspace(settings).open() as site:
        holder = site.backend.lock_holder()
        if holder is None and run is None:
            output.result(f"{escape_control(site.backend.location)} is not locked.")
            return 0
        if holder is not None:
            output.info(settings, f"{site.backend.location} is locked by {holder}.")
        if ask and holder is not None and run in (None, holder.run):
            require_tty("if you are sure that run has ended: " + command_line("state", "unlock", holder.run, "--force"))
            if not confirm(f"Force-unlock: are you sure run {holder.run} has ended?"):
                output.info(settings, "Lock kept.")
                return 1
        unlocked = run or (holder.run if holder else "")
        site.backend.force_unlock(unlocked)
    return output.outcome(f"Released the lock of run {escape_control(unlocked)}.")
