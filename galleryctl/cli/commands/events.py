"""`galleryctl events`: what happens on the site, as it happens."""

from __future__ import annotations

from pathlib import Path

import click

from galleryctl.cli.options import common_options, get_settings, listener_options


@click.command("events")
@common_options
@listener_options("its address")
@click.option(
    "--public-key",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The app's public key: PEM, or base64 of it.",
)
@click.option("--public-key-env", metavar="NAME", help="The environment variable that holds the public key.")
@click.option(
    "--instance-id",
    metavar="ID",
    help="The app's instance on the site, when galleryctl.yaml does not name it.",
)
@click.option(
    "--max-age",
    type=click.FloatRange(0, min_open=True),
    default=7.0,
    show_default=True,
    metavar="DAYS",
    help="Refuse deliveries that were signed longer ago.",
)
@click.option("--drift", is_flag=True, help="Check the gallery of each event for drift, once no more events come.")
@click.option(
    "--settle",
    type=click.FloatRange(0),
    metavar="SECONDS",
    help="How long no event of a gallery may come before it is checked.  [default: 10]",
)
@click.option("--max", "limit", type=click.IntRange(1), metavar="N", help="End after N events.")
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
    """Receive the webhooks of the site's app, and print each event on a line, until Ctrl-C.

    Nothing is ever applied. With --drift and --max together, it ends with 2 when there was drift.
    """
    from galleryctl.cli import output
    from galleryctl.cli.run.events import EventsOptions, run_events

    settings = get_settings(context)
    output.require_format(settings, "text", "json")
    if public_key is not None and public_key_env is not None:
        raise click.UsageError("--public-key and --public-key-env contradict each other; give one of them.")
    if settle is not None and not drift:
        raise click.UsageError("--settle means nothing without --drift.")
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
