"""Measure the receiver of webhooks under load: `python benchmarks/webhooks.py [DELIVERIES [RATE [SCENARIO...]]]`.

A scenario is a way to send deliveries, the connections that do harm meanwhile, and a receiver of its own. The baseline is
the 99th percentile of a server that does nothing, with the same deliveries: on a machine that does anything else at the time,
compare the ratios. `python benchmarks/webhooks.py 10000 167 alone` is the load of 10,000 events in a minute.
"""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

LOAD = [sys.executable, str(Path(__file__).with_name("webhook_load.py"))]
INSTANCE = str(uuid4())
WORKSPACE = "galleryctl: 1\nbackend: {type: local}\nsites:\n  main: {}\ngalleries: galleries/*.yaml\n"
RECEIVER = "from galleryctl.cli.main import main; main()"
WAIT = 60.0
"""Seconds until the receiver must be ready, or must have printed all events."""
OPEN_FILES = 1024
"""The limit of most systems."""
SCENARIOS: dict[str, tuple[str, str | None, int]] = {
    "alone": ("alone", None, 1),
    "kept alive": ("kept alive", None, 1),
    "pipelined": ("pipelined", None, 1),
    "each sent 10 times": ("alone", None, 10),
    "120 without a body": ("alone", "120 without a body", 1),
    "250 without a body": ("alone", "250 without a body", 1),
    "250 that send nothing": ("alone", "250 that send nothing", 1),
    "250 at a byte a second": ("alone", "250 at a byte a second", 1),
    "250 with half a head": ("alone", "250 with half a head", 1),
    "250 half-open": ("alone", "250 half-open", 1),
    "250 kept alive": ("alone", "250 kept alive", 1),
    "250 with pipelined junk": ("alone", "250 with pipelined junk", 1),
    "250 with large bodies": ("alone", "250 with large bodies", 1),
    "2000 of one address": ("alone", "2000 of one address", 1),
    "2000 of the same address": ("alone", "2000 of the same address", 1),
    "2000 of many addresses": ("alone", "2000 of many addresses", 1),
    "250, deliveries kept alive": ("kept alive", "250 without a body", 1),
}
"""By name: how deliveries are sent, the abuse meanwhile, and how often each event is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The result of a scenario: deliveries by status, latencies in ms, events by how often they were printed."""

    statuses: dict[str, int]
    p50: float
    p99: float
    largest: float
    unprinted: int
    printed_again: int
    peak_mb: float
    cpu_seconds: float


def make_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sign(key: rsa.RSAPrivateKey, count: int, repeats: int) -> list[str]:
    """Return `count` bodies, of which `repeats` each have the same event."""
    bodies = [
        jwt.encode({"data": claim(number), "iat": time.time()}, key, "RS256") for number in range(count // repeats)
    ]
    return bodies * repeats


def claim(number: int) -> str:
    item = {"id": f"item-{number}", "title": f"Photo {number}", "description": "A photo. " * 50}
    event = {
        "id": f"event-{number}",
        "slug": "gallery_item_updated",
        "entityId": f"gallery-{number % 10}",
        "entityEventSequence": str(number),
        "actionEvent": {"body": {"updatedItem": item}},
    }
    type_ = "wix.pro_gallery.gallery_v2_gallery_item_updated"
    return json.dumps({"eventType": type_, "instanceId": INSTANCE, "data": json.dumps(event)})


@contextmanager
def receiver(root: Path, key: rsa.RSAPrivateKey) -> Iterator[tuple[int, int, Path]]:
    """Run `galleryctl events`; yield its process id, its port and the file with its output."""
    root.mkdir()
    (root / "galleryctl.yaml").write_text(WORKSPACE, encoding="utf-8")
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (root / "app.pem").write_bytes(public)
    ready, printed = root / "ready.json", root / "printed"
    options = ["--public-key", "app.pem", "--instance-id", INSTANCE, "--format", "json", "--ready-file", "ready.json"]
    with printed.open("wb") as out, (root / "errors").open("wb") as err:
        process = subprocess.Popen(
            [sys.executable, "-c", RECEIVER, "-C", str(root), "events", *options], stdout=out, stderr=err
        )
        try:
            wait_for(ready.exists)
            url = json.loads(ready.read_text(encoding="utf-8"))["url"]
            yield process.pid, int(url.split(":")[2].split("/")[0]), printed
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


@contextmanager
def started(work: dict[str, Any]) -> Iterator[str]:
    """Run a load while the block runs; yield the line that it prints first."""
    with subprocess.Popen(LOAD, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            if process.stdin is None or process.stdout is None:
                raise AssertionError
            process.stdin.write(json.dumps(work))
            process.stdin.close()
            yield process.stdout.readline()
        finally:
            process.kill()


def send(port: int, rate: float, sender: str, bodies: list[str]) -> dict[str, Any]:
    """Send the bodies; return the results of `webhook_load.py`, with sorted latencies."""
    work = {"port": port, "rate": rate, "sender": sender, "bodies": bodies}
    ran = subprocess.run(LOAD, input=json.dumps(work), text=True, stdout=subprocess.PIPE, check=True)
    results: dict[str, Any] = json.loads(ran.stdout)
    return results | {"latencies": sorted(results["latencies"]) or [0.0]}


def percentile(latencies: list[float], percent: int) -> float:
    return latencies[len(latencies) * percent // 100]


def wait_for(condition: Any) -> bool:
    deadline = time.monotonic() + WAIT
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def usage(pid: int) -> tuple[float, float]:
    """Return the peak memory of a process in MB and its processor time in seconds, as Linux has them."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    user, system = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()[11:13]
    return peak / 1024, (int(user) + int(system)) / 100


def printed_ids(path: Path) -> Counter[str]:
    return Counter(json.loads(line)["id"] for line in path.read_text(encoding="utf-8").splitlines())


def measure(
    root: Path, key: rsa.RSAPrivateKey, count: int, rate: float, scenario: tuple[str, str | None, int]
) -> Figures:
    sender, abuse, repeats = scenario
    bodies = sign(key, count, repeats)
    with receiver(root, key) as (pid, port, printed):
        with nullcontext() if abuse is None else started({"port": port, "rate": 1, "abuse": abuse}):
            results = send(port, rate, sender, bodies)
        accepted = results["statuses"].get("200", 0)
        expected = accepted if repeats == 1 else count // repeats
        wait_for(lambda: printed.read_bytes().count(b"\n") >= expected)
        peak, cpu = usage(pid)
    counts = printed_ids(printed)
    return Figures(
        statuses=results["statuses"],
        p50=percentile(results["latencies"], 50),
        p99=percentile(results["latencies"], 99),
        largest=results["latencies"][-1],
        unprinted=max(0, expected - len(counts)),
        printed_again=counts.total() - len(counts),
        peak_mb=peak,
        cpu_seconds=cpu,
    )


def main() -> None:
    arguments = sys.argv[1:]
    count = int(arguments[0]) if arguments else 1000
    rate = float(arguments[1]) if arguments[1:] else 167.0
    names = arguments[2:] or list(SCENARIOS)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, hard))
    print(f"{count} deliveries at {rate:.0f} a second")
    print(
        f"{'':26} {'200':>6} {'refused':>8} {'p50 ms':>7} {'p99 ms':>8} {'x':>6} {'max ms':>7} {'lost':>5} {'again':>5} {'MB':>5} {'CPU s':>6}"
    )
    key = make_key()
    with started({}) as port:
        latencies = send(int(port), rate, "alone", sign(key, count, 1))["latencies"]
    baseline = percentile(latencies, 99)
    print(f"{'empty server':26} {'':15} {percentile(latencies, 50):7.1f} {baseline:8.1f}")
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(names):
            result = measure(Path(folder) / str(number), key, count, rate, SCENARIOS[name])
            taken = result.statuses.get("200", 0)
            print(
                f"{name:26} {taken / count:6.1%} {count - taken:8} {result.p50:7.1f} {result.p99:8.1f}"
                f" {result.p99 / baseline:6.1f} {result.largest:7.0f} {result.unprinted:5} {result.printed_again:5}"
                f" {result.peak_mb:5.0f} {result.cpu_seconds:6.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
