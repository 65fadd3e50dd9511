"""`galleryctl events`: receive webhooks."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.options import NumberRange, common_options, get_settings, listener_options


@click.command("events")
@common_options
@listener_options("the URL")
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Public key of the app: PEM, or base64-encoded PEM.",
)
@click.option("--public-key-env", metavar="NAME", help="Environment variable that contains the public key.")
@click.option("--instance-id", metavar="ID", help="App instance ID of the site, if not set in galleryctl.yaml.")
@click.option(
    "--max-age",
    type=NumberRange(0, min_open=True),
    default=7.0,
    show_default=True,
    metavar="DAYS",
    help="Reject deliveries that were signed longer ago.",
)
@click.option("--drift", is_flag=True, help="Check the gallery of each event for drift.")
@click.option(
    "--settle",
    type=NumberRange(0),
    metavar="SECONDS",
    help="Check a gallery after SECONDS without events.  [default: 10]",
)
@click.option("--max", "limit", type=click.IntRange(1), metavar="N", help="Exit after N events.")
@click.pass_context
def command(
    context: click.Context,
    port: int,
    host: str,
    ready_file: Path | None,
    public_key: Path | None,
    public_key_env: str | None,
    instance_id: str | None,
    max_age: float,
    drift: bool,
    settle: float | None,
    limit: int | None,
) -> int:
    """Receive webhooks of the site and print their events.

    Runs until Ctrl-C and never changes the site. With --drift and --max: exit code 2 if drift was found.
    """
    from galleryctl.cli import output
    from galleryctl.cli.run.events import EventsOptions, run_events

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    if public_key is not None and public_key_env is not None:
        raise click.UsageError("--public-key and --public-key-env cannot be combined.")
    if settle is not None and not drift:
        raise click.UsageError("--settle requires --drift.")
    return run_events(
        settings,
        EventsOptions(
            host=host,
            port=port,
            ready_file=ready_file,
            public_key=public_key,
            public_key_env=public_key_env,
            instance_id=instance_id,
            max_age=max_age * 86_400,
            settle=10.0 if settle is None else settle,
            drift=drift,
            limit=limit,
        ),
    )
