"""`galleryctl state`: look at what earlier runs learnt, and put it right."""

from __future__ import annotations

import click

from galleryctl.cli import output
from galleryctl.cli.event_loop import run_async
from galleryctl.cli.options import CliSettings, common_options, get_settings, lock_timeout_option


@click.group("state")
@common_options
def command() -> None:
    """Show and correct what earlier runs learnt of the site; the site itself is not touched."""


@command.command("list")
@common_options
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.pass_context
def state_list(context: click.Context, addresses: tuple[str, ...]) -> None:
    """List what state knows, or of it these galleries and items: address, live id, protection."""
    from galleryctl.cli.run.plan import parse_address
    from galleryctl.cli.run.state import print_state, read_workspace_state
    from galleryctl.engine.state.rename import check_in_state, select_addresses

    settings = _settings(context)
    asked = [parse_address(text) for text in addresses]
    known = run_async(read_workspace_state(settings))
    check_in_state(asked, known.bindings)
    print_state(known.state, select_addresses(known.bindings, asked), settings)


@command.command("show")
@common_options
@click.argument("address", metavar="ADDRESS")
@click.pass_context
def state_show(context: click.Context, address: str) -> None:
    """Show all that state knows of a gallery or an item."""
    from galleryctl.cli.run.plan import parse_address as parsed
    from galleryctl.cli.run.state import print_state, read_workspace_state
    from galleryctl.engine.state.rename import check_in_state, select_addresses
    from galleryctl.report.text import state_entry_text

    settings = _settings(context)
    asked = parsed(address)
    known = run_async(read_workspace_state(settings))
    check_in_state([asked], known.bindings)
    if settings.format == "json":
        print_state(known.state, select_addresses(known.bindings, [asked]), settings)
    else:
        output.result(state_entry_text(asked, known.bindings))


@command.command("mv")
@common_options
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@lock_timeout_option
@click.pass_context
def state_mv(context: click.Context, source: str, target: str, lock_timeout: float) -> None:
    """Give a gallery or an item another address; change the manifests as well."""
    from galleryctl.cli.run.plan import parse_address
    from galleryctl.cli.run.state import print_state, update_state
    from galleryctl.engine.state.rename import rename_address, select_addresses

    settings = _settings(context)
    before, after = parse_address(source), parse_address(target)
    state = run_async(
        update_state(
            settings,
            lambda bindings: rename_address(bindings, before, after),
            lock_timeout=lock_timeout,
            operation="state mv",
        )
    )
    print_state(state, select_addresses(state.bindings, [after]), settings)
    output.info(settings, f"{before} is now {after}; the manifests must say so, too.")


@command.command("rm")
@common_options
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@lock_timeout_option
@click.pass_context
def state_rm(context: click.Context, addresses: tuple[str, ...], lock_timeout: float) -> None:
    """Forget galleries or items; on the site they stay as they are."""
    from galleryctl.cli.run.plan import parse_address
    from galleryctl.cli.run.state import print_state, update_state
    from galleryctl.engine.state.rename import forget_addresses

    settings = _settings(context)
    asked = [parse_address(text) for text in addresses]
    state = run_async(
        update_state(
            settings,
            lambda bindings: forget_addresses(bindings, asked),
            lock_timeout=lock_timeout,
            operation="state rm",
        )
    )
    if settings.format == "json":
        print_state(state, state.bindings, settings)
    names = ", ".join(map(str, asked))
    output.info(
        settings,
        f"Forgotten: {names}. It stays on the site; what a manifest names, the next plan takes up again.",
    )


@command.command("rebuild")
@common_options
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_timeout_option
@click.pass_context
def state_rebuild(context: click.Context, auto_approve: bool, lock_timeout: float) -> int:
    """Build state anew from the site and the manifests, even if it is lost or damaged; the site is not touched."""
    from galleryctl.cli.run.state import run_rebuild

    settings = _settings(context)
    return run_async(run_rebuild(settings, ask=not auto_approve, lock_timeout=lock_timeout))


@command.command("versions")
@common_options
@click.pass_context
def state_versions(context: click.Context) -> None:
    """List the former versions of the state that are kept, the newest first."""
    from galleryctl.cli.run.state import print_versions

    settings = get_settings(context)
    output.require_format(settings, "text")
    run_async(print_versions(settings))


@command.command("restore")
@common_options
@click.argument("serial", metavar="SERIAL", type=click.IntRange(0))
@lock_timeout_option
@click.pass_context
def state_restore(context: click.Context, serial: int, lock_timeout: float) -> None:
    """Put a former version of the state back; the site is not touched."""
    from galleryctl.cli.run.state import print_state, run_restore

    settings = _settings(context)
    state = run_async(run_restore(settings, serial, lock_timeout=lock_timeout))
    if settings.format == "json":
        print_state(state, state.bindings, settings)
    output.info(
        settings,
        f"State is what it was at serial {serial}; its serial is {state.serial} now. Plan, and look at it.",
    )


@command.command("reseal")
@common_options
@lock_timeout_option
@click.pass_context
def state_reseal(context: click.Context, lock_timeout: float) -> None:
    """Seal state and its former versions with the passphrase that galleryctl.yaml has now; the site is not touched."""
    from galleryctl.cli.run.state import print_state, run_reseal

    settings = _settings(context)
    state = run_async(run_reseal(settings, lock_timeout=lock_timeout))
    if settings.format == "json":
        print_state(state, state.bindings, settings)


@command.command("unlock")
@common_options
@click.argument("run_id", metavar="[RUN_ID]", required=False)
@click.option("--force", is_flag=True, help="Do not ask; needs RUN_ID.")
@click.pass_context
def state_unlock(context: click.Context, run_id: str | None, force: bool) -> int:
    """Break the lock that a run left behind, once it is certain that this run is over."""
    from galleryctl.cli.run.state import run_unlock

    settings = get_settings(context)
    output.require_format(settings, "text")
    if force and run_id is None:
        raise click.UsageError("--force breaks the lock of the run that you name: give RUN_ID, too.")
    return run_async(run_unlock(settings, run_id, ask=not force))


def _settings(context: click.Context) -> CliSettings:
    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    return settings
