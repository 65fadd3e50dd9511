"""The work of `events`: receive webhooks, print the events and check for drift."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import click

from galleryctl.cli import output
from galleryctl.cli.drift_watch import DriftWatcher
from galleryctl.cli.interrupts import handled_signals
from galleryctl.cli.listener import base_url, bind_socket, check_ready_file, is_loopback, write_ready_file
from galleryctl.cli.options import CliSettings
from galleryctl.cli.workspace import get_workspace
from galleryctl.manifest.files.symlinks import GALLERYCTL_FOLDER
from galleryctl.model.errors import GalleryctlError
from galleryctl.session.open import WorkspaceSite
from galleryctl.waits import Waits

try:
    from galleryctl.events.async_inbox import AsyncInbox
    from galleryctl.events.format import format_event, format_event_json
    from galleryctl.events.inbox import Inbox, InboxEntry
    from galleryctl.events.receiver import WEBHOOK_PATH, Receiver
    from galleryctl.events.rejection import RejectedDeliveryError
    from galleryctl.events.server import serve_receiver
    from galleryctl.events.token import TrustPolicy, read_public_key
    from galleryctl.events.worker import DriftCheck, EventWorker
except ImportError as error:
    raise GalleryctlError(
        "the receiver is not installed",
        why=str(error),
        do="in the checkout of galleryctl: python -m pip install '.[events]'",
    ) from error

_REPEAT_SECONDS = 60.0
"""Seconds after which an error that persists is printed again."""
_MAX_KEY_BYTES = 100_000
"""Bytes that are read of a key file; a key has a few hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsOptions:
    """Options of `galleryctl events`; `max_age` and `settle` are in seconds."""

    host: str
    port: int
    ready_file: Path | None
    public_key: Path | None
    public_key_env: str | None
    instance_id: str | None
    max_age: float
    settle: float
    drift: bool
    limit: int | None


def run_events(settings: CliSettings, options: EventsOptions) -> int:
    """Print events until a signal or the limit; return 2 if there is a limit and a check found drift, else 0.

    Raises GalleryctlError if the key, the port or the inbox is not available.
    """
    workspace = get_workspace(settings)
    if options.ready_file is not None:
        config = workspace.config
        path, patterns = settings.directory / options.ready_file, config.manifest_patterns
        check_ready_file(path, root=config.root, patterns=patterns, on_wait=workspace.on_wait)
    trust = asyncio.run(_trust_policy(workspace, settings, options))
    if not is_loopback(options.host):
        output.warning(
            f"the receiver listens on {options.host} without TLS: anyone who can reach this machine can send to it. "
            "Deliveries without a signature of the app's key are rejected"
        )
    path = workspace.config.root / GALLERYCTL_FOLDER / f"events-{workspace.name}.sqlite3"
    with (
        Inbox(path, max_age=options.max_age) as inbox,
        closing(bind_socket(options.host, options.port, "the receiver")) as listener,
    ):
        watcher = DriftWatcher(settings)
        waits = Waits(observer=workspace.on_wait)
        asyncio.run(
            _serve(settings, options, trust=trust, inbox=inbox, listener=listener, watcher=watcher, waits=waits)
        )
    return 2 if watcher.drifted and options.limit is not None else 0


async def _serve(
    settings: CliSettings,
    options: EventsOptions,
    *,
    trust: TrustPolicy,
    inbox: Inbox,
    listener: socket.socket,
    watcher: DriftWatcher,
    waits: Waits,
) -> None:
    def on_event(entry: InboxEntry) -> None:
        output.result(format_event_json(entry) if settings.format == "json" else format_event(entry))

    on_error = _ErrorPrinter(verbose=bool(settings.verbose))
    check = DriftCheck(check=watcher.check, quiet_seconds=options.settle) if options.drift else None
    url = f"{base_url(options.host, listener)}{WEBHOOK_PATH}"
    file = None if options.ready_file is None else settings.directory / options.ready_file
    async with AsyncInbox(inbox) as stored:
        worker = EventWorker(
            inbox=stored,
            on_event=on_event,
            on_error=on_error,
            drift_check=check,
            limit=options.limit,
            waits=waits,
        )
        receiver = Receiver(trust=trust, inbox=stored, clock=time.time, on_arrival=worker.notify, on_error=on_error)
        receiving = serve_receiver(receiver.app(), listener, on_overload=_warn_of_overload, on_wait=waits.observer)
        async with receiving as connections:
            with write_ready_file(file, {"url": url}):
                output.info(settings, f"Waiting for events at {url}. Press Ctrl-C to stop.")
                await _run_until_signal(worker)
    _print_summary(settings, receiver, connections.evicted)


@dataclass(slots=True, kw_only=True)
class _ErrorPrinter:
    """Prints rejections if `verbose`, and each other error once a minute: on a full disk, every delivery fails."""

    verbose: bool
    printed: dict[str, float] = field(default_factory=dict)

    def __call__(self, error: GalleryctlError) -> None:
        """Print the error, or do nothing."""
        text = str(error)
        if isinstance(error, RejectedDeliveryError):
            if self.verbose:
                click.echo(text, err=True)
        elif time.monotonic() >= self.printed.get(text, -_REPEAT_SECONDS) + _REPEAT_SECONDS:
            self.printed[text] = time.monotonic()
            click.echo(text, err=True)


def _warn_of_overload() -> None:
    output.warning("too many connections: the receiver closes those that have delivered nothing, the oldest first")


async def _run_until_signal(worker: EventWorker) -> None:
    """Run the worker up to its limit or a signal, the normal end; unprocessed events stay in the inbox."""
    running = asyncio.ensure_future(worker.run())
    loop = asyncio.get_running_loop()
    signals = handled_signals()
    for number in signals:
        loop.add_signal_handler(number, running.cancel)
    try:
        await asyncio.wait({running})
    finally:
        for number in signals:
            loop.remove_signal_handler(number)
    if not running.cancelled():
        running.result()


async def _trust_policy(workspace: WorkspaceSite, settings: CliSettings, options: EventsOptions) -> TrustPolicy:
    """Return the sender to trust, from the options, else from the workspace or its embedded emulator."""
    key, where = _read_public_key(settings, options)
    instance = options.instance_id
    if key is None or instance is None:
        sender = await workspace.backend.webhook_sender()
        key = sender.public_key if key is None else key
        instance = instance or sender.instance_id
    if key is None:
        raise GalleryctlError(
            "missing public key of the app",
            why="the signatures of events are verified with it",
            do="give --public-key FILE or --public-key-env NAME",
        )
    if not instance:
        raise GalleryctlError(
            "missing app instance ID of the site",
            why="the app's key signs the events of every site where the app is installed",
            do="give --instance-id ID, or set auth of the site to app_id, app_secret and instance_id",
        )
    return TrustPolicy(key=read_public_key(key, where), instance_id=instance, max_age=options.max_age)


def _read_public_key(settings: CliSettings, options: EventsOptions) -> tuple[bytes | None, object]:
    """Return the public key that an option gives, or None, and its origin for messages."""
    if options.public_key_env is not None:
        name = options.public_key_env
        if name not in os.environ:
            raise GalleryctlError(f"the environment variable {name} is not set")
        return os.environb[name.encode()], f"the environment variable {name}"
    if options.public_key is None:
        return None, None
    path = settings.directory / options.public_key
    try:
        with path.open("rb") as file:
            return file.read(_MAX_KEY_BYTES), path
    except OSError as error:
        raise GalleryctlError("cannot read the public key", where=path, why=error.strerror or "") from error


def _print_summary(settings: CliSettings, receiver: Receiver, evicted: int) -> None:
    """Print how many deliveries were repeated or rejected, and how many connections were closed for others, if any."""
    counts = {"repeated": receiver.duplicates} | {
        str(reason): number for reason, number in sorted(receiver.rejected.items())
    }
    if listed := ", ".join(f"{name} {number}" for name, number in counts.items() if number):
        output.info(settings, f"Ignored deliveries: {listed}.")
    if evicted:
        output.info(settings, f"Connections closed to make room for others: {evicted}.")
