"""`galleryctl state`: look at what earlier runs learnt, and put it right."""

from __future__ import annotations

import click

from galleryctl.cli import output
from galleryctl.cli.loop import complete
from galleryctl.cli.options import Settings, common, lock_timeout, settings_of


@click.group("state")
@common
def command() -> None:
    """Show and correct what earlier runs learnt of the site; the site itself is not touched."""


@command.command("list")
@common
@click.argument("addresses", metavar="[ADDRESS]...", nargs=-1)
@click.pass_context
def list_(context: click.Context, addresses: tuple[str, ...]) -> None:
    """List what state knows, or of it these galleries and items: address, live id, protection."""
    from galleryctl.cli.planning import address
    from galleryctl.cli.remembering import look, show_state
    from galleryctl.engine.moving import check_in_state, select_addresses

    settings = _settings(context)
    asked = [address(text) for text in addresses]
    known = complete(look(settings))
    check_in_state(asked, known.bindings)
    show_state(known.state, select_addresses(known.bindings, asked), settings)


@command.command("show")
@common
@click.argument("address", metavar="ADDRESS")
@click.pass_context
def show(context: click.Context, address: str) -> None:
    """Show all that state knows of a gallery or an item."""
    from galleryctl.cli.planning import address as parsed
    from galleryctl.cli.remembering import look, show_state
    from galleryctl.engine.moving import check_in_state, select_addresses
    from galleryctl.report.text import state_entry_text

    settings = _settings(context)
    asked = parsed(address)
    known = complete(look(settings))
    check_in_state([asked], known.bindings)
    if settings.format == "json":
        show_state(known.state, select_addresses(known.bindings, [asked]), settings)
    else:
        output.result(state_entry_text(asked, known.bindings))


@command.command("mv")
@common
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@lock_timeout
@click.pass_context
def mv(context: click.Context, source: str, target: str, lock_timeout: float) -> None:
    """Give a gallery or an item another address; change the manifests as well."""
    from galleryctl.cli.planning import address
    from galleryctl.cli.remembering import change, show_state
    from galleryctl.engine.moving import rename_address, select_addresses

    settings = _settings(context)
    before, after = address(source), address(target)
    state = complete(
        change(
            settings,
            lambda bindings: rename_address(bindings, before, after),
            lock_timeout=lock_timeout,
            operation="state mv",
        )
    )
    show_state(state, select_addresses(state.bindings, [after]), settings)
    output.remark(settings, f"{before} is now {after}; the manifests must say so, too.")


@command.command("rm")
@common
@click.argument("addresses", metavar="ADDRESS...", nargs=-1, required=True)
@lock_timeout
@click.pass_context
def rm(context: click.Context, addresses: tuple[str, ...], lock_timeout: float) -> None:
    """Forget galleries or items; on the site they stay as they are."""
    from galleryctl.cli.planning import address
    from galleryctl.cli.remembering import change, show_state
    from galleryctl.engine.moving import forget_addresses

    settings = _settings(context)
    asked = [address(text) for text in addresses]
    state = complete(
        change(
            settings,
            lambda bindings: forget_addresses(bindings, asked),
            lock_timeout=lock_timeout,
            operation="state rm",
        )
    )
    if settings.format == "json":
        show_state(state, state.bindings, settings)
    names = ", ".join(map(str, asked))
    output.remark(
        settings,
        f"Forgotten: {names}. It stays on the site; what a manifest names, the next plan takes up again.",
    )


@command.command("rebuild")
@common
@click.option("--auto-approve", is_flag=True, help="Do not ask.")
@lock_timeout
@click.pass_context
def rebuild(context: click.Context, auto_approve: bool, lock_timeout: float) -> int:
    """Build state anew from the site and the manifests, even if it is lost or damaged; the site is not touched."""
    from galleryctl.cli.remembering import run_rebuild

    settings = _settings(context)
    return complete(run_rebuild(settings, ask=not auto_approve, lock_timeout=lock_timeout))


@command.command("versions")
@common
@click.pass_context
def versions(context: click.Context) -> None:
    """List the former versions of the state that are kept, the newest first."""
    from galleryctl.cli.remembering import show_versions

    settings = settings_of(context)
    output.need_format(settings, "text")
    complete(show_versions(settings))


@command.command("restore")
@common
@click.argument("serial", metavar="SERIAL", type=click.IntRange(0))
@lock_timeout
@click.pass_context
def restore(context: click.Context, serial: int, lock_timeout: float) -> None:
    """Put a former version of the state back; the site is not touched."""
    from galleryctl.cli.remembering import run_restore, show_state

    settings = _settings(context)
    state = complete(run_restore(settings, serial, lock_timeout=lock_timeout))
    if settings.format == "json":
        show_state(state, state.bindings, settings)
    output.remark(
        settings,
        f"State is what it was at serial {serial}; its serial is {state.serial} now. Plan, and look at it.",
    )


@command.command("reseal")
@common
@lock_timeout
@click.pass_context
def reseal(context: click.Context, lock_timeout: float) -> None:
    """Seal state and its former versions with the passphrase that galleryctl.yaml has now; the site is not touched."""
    from galleryctl.cli.remembering import run_reseal, show_state

    settings = _settings(context)
    state = complete(run_reseal(settings, lock_timeout=lock_timeout))
    if settings.format == "json":
        show_state(state, state.bindings, settings)


@command.command("unlock")
@common
@click.argument("run_id", metavar="[RUN_ID]", required=False)
@click.option("--force", is_flag=True, help="Do not ask; needs RUN_ID.")
@click.pass_context
def unlock(context: click.Context, run_id: str | None, force: bool) -> int:
    """Break the lock that a run left behind, once it is certain that this run is over."""
    from galleryctl.cli.remembering import run_unlock

    settings = settings_of(context)
    output.need_format(settings, "text")
    if force and run_id is None:
        raise click.UsageError("--force breaks the lock of the run that you name: give RUN_ID, too.")
    return complete(run_unlock(settings, run_id, ask=not force))


def _settings(context: click.Context) -> Settings:
    settings = settings_of(context)
    output.need_format(settings, "text", "json")
    return settings
