"""`galleryctl state`: inspect and modify the state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import (
    CliSettings,
    adopt_guesses_option,
    auto_approve_option,
    common_options,
    get_settings,
    lock_timeout_option,
)

if TYPE_CHECKING:
    from galleryctl.model.address import Address
    from galleryctl.model.bindings import Bindings


@click.group("state")
@common_options
def command() -> None:
    """Inspect and modify the state.

    The site is never changed.
    """


@command.command("list")
@common_options
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.pass_context
def state_list(context: click.Context, addresses: tuple[str, ...]) -> None:
    """List resources in the state.

    Each line has the address and the live ID of a resource, and `protected` if it is. ADDRESS limits the list.
    """
    from galleryctl.cli.run.plan import parse_pattern
    from galleryctl.cli.run.state import print_state, read_workspace_state
    from galleryctl.engine.state.rename import expand_in_state, select_addresses

    settings = _settings(context)
    requested = [parse_pattern(text) for text in addresses]
    loaded = run_async(read_workspace_state(settings))
    selected = select_addresses(loaded.bindings, expand_in_state(requested, loaded.bindings))
    print_state(loaded.state, selected, settings)


@command.command("show")
@common_options
@click.argument("address", metavar="ADDRESS")
@click.pass_context
def state_show(context: click.Context, address: str) -> None:
    """Show a resource in the state."""
    from galleryctl.cli.run.plan import parse_pattern
    from galleryctl.cli.run.state import print_state, read_workspace_state
    from galleryctl.engine.state.rename import expand_in_state, select_addresses
    from galleryctl.report.text import state_entry_text

    settings = _settings(context)
    requested = parse_pattern(address)
    loaded = run_async(read_workspace_state(settings))
    found = expand_in_state([requested], loaded.bindings)
    if settings.format == "json":
        print_state(loaded.state, select_addresses(loaded.bindings, found), settings)
    else:
        output.result("\n".join(state_entry_text(each, loaded.bindings) for each in found))


@command.command("mv")
@common_options
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@lock_timeout_option
@click.pass_context
def state_mv(context: click.Context, source: str, target: str, lock_timeout: float | None) -> int:
    """Move a resource in the state to another address.

    Change the manifests accordingly.
    """
    from galleryctl.cli.run.plan import parse_address
    from galleryctl.cli.run.state import print_written_state, update_state
    from galleryctl.engine.state.rename import rename_address, select_addresses

    settings = _settings(context)
    before, after = parse_address(source), parse_address(target)

    def move(bindings: Bindings) -> Bindings:
        return rename_address(bindings, before, after)

    state = run_async(update_state(settings, move, lock_timeout=lock_timeout, operation="state mv"))
    code = print_written_state(state, select_addresses(state.bindings, [after]), settings)
    output.info(settings, f"Moved {before} to {after}. Update the manifests accordingly.")
    return code


@command.command("rm")
@common_options
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@lock_timeout_option
@click.pass_context
def state_rm(context: click.Context, addresses: tuple[str, ...], lock_timeout: float | None) -> int:
    """Remove resources from the state.

    They are not deleted on the site.
    """
    from galleryctl.cli.run.plan import parse_pattern
    from galleryctl.cli.run.state import print_written_state, update_state
    from galleryctl.engine.state.rename import expand_in_state, forget_addresses
    from galleryctl.report.formatting import list_addresses

    settings = _settings(context)
    requested = [parse_pattern(text) for text in addresses]
    removed: list[Address] = []

    def remove(bindings: Bindings) -> Bindings:
        removed.extend(expand_in_state(requested, bindings))
        return forget_addresses(bindings, removed)

    state = run_async(update_state(settings, remove, lock_timeout=lock_timeout, operation="state rm"))
    code = print_written_state(state, state.bindings, settings) if settings.format == "json" else 0
    output.info(settings, f"Removed from state: {list_addresses(removed)}. The site was not changed.")
    output.info(
        settings,
        "If a manifest still declares it, the next plan asks whether to adopt it: see 'Bind a gallery' in the documentation.",
    )
    return code


@command.command("rebuild")
@common_options
@adopt_guesses_option
@auto_approve_option
@lock_timeout_option
@click.pass_context
def state_rebuild(context: click.Context, adopt_guesses: bool, auto_approve: bool, lock_timeout: float | None) -> int:
    """Rebuild the state from the site and the manifests.

    Use this command if the state is lost or damaged. The site is not changed.
    """
    from galleryctl.cli.run.state import run_rebuild

    settings = _settings(context)
    rebuild = run_rebuild(settings, adopt_guesses=adopt_guesses, ask=not auto_approve, lock_timeout=lock_timeout)
    return run_async(rebuild)


@command.command("versions")
@common_options
@click.pass_context
def state_versions(context: click.Context) -> None:
    """List the stored previous versions, newest first."""
    from galleryctl.cli.run.state import print_versions

    settings = get_settings(context)
    output.require_format(settings, "text")
    run_async(print_versions(settings))


class _Serial(click.IntRange):
    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if not (str(value).isascii() and str(value).isdecimal()):
            self.fail(f"{value!r} is not a serial: use a number that `state versions` lists.", param, ctx)
        return int(value)


@command.command("restore")
@common_options
@click.argument("serial", metavar="SERIAL", type=_Serial(0))
@lock_timeout_option
@click.pass_context
def state_restore(context: click.Context, serial: int, lock_timeout: float | None) -> int:
    """Restore a previous version of the state.

    The site is not changed.
    """
    from galleryctl.cli.run.state import print_written_state, run_restore

    settings = _settings(context)
    state = run_async(run_restore(settings, serial, lock_timeout=lock_timeout))
    code = print_written_state(state, state.bindings, settings) if settings.format == "json" else 0
    output.info(settings, f"Restored version {serial} as serial {state.serial}. Review the next plan before an apply.")
    return code


@command.command("reseal")
@common_options
@lock_timeout_option
@click.pass_context
def state_reseal(context: click.Context, lock_timeout: float | None) -> int:
    """Encrypt the state with the current passphrase.

    The previous versions are encrypted, too. Without a passphrase in galleryctl.yaml, all are decrypted.
    """
    from galleryctl.cli.run.state import print_written_state, run_reseal

    settings = _settings(context)
    state = run_async(run_reseal(settings, lock_timeout=lock_timeout))
    return print_written_state(state, state.bindings, settings) if settings.format == "json" else 0


@command.command("unlock")
@common_options
@click.argument("run_id", metavar="[RUN_ID]", required=False)
@click.option("--force", is_flag=True, help="Skip confirmation; requires RUN_ID.")
@click.pass_context
def state_unlock(context: click.Context, run_id: str | None, force: bool) -> int:
    """Force-unlock the state after a run has ended abnormally.

    RUN_ID is the run that holds the lock. Make sure that it has ended.
    """
    from galleryctl.cli.run.state import run_unlock

    settings = get_settings(context)
    output.require_format(settings, "text")
    if force and run_id is None:
        raise click.UsageError("--force requires RUN_ID.")
    return run_async(run_unlock(settings, run_id, ask=not force))


def _settings(context: click.Context) -> CliSettings:
    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    return settings
