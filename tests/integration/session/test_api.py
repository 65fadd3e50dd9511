"""The Python API: the commands' operations with typed results and errors, also inside a running event loop."""

from __future__ import annotations

import ast
import asyncio
import gc
import math
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

import galleryctl
from galleryctl.engine.progress import SilentProgress, StepOutcome
from galleryctl.plan.steps import Step
from galleryctl.session.open import lock_owner
from galleryctl.state.file_backend import FileStateBackend
from tests.support.cli_harness import CliHarness

OPERATIONS = ("apply", "drift", "import_all", "import_gallery", "plan", "validate")


def opened(studio: CliHarness) -> galleryctl.Workspace:
    return galleryctl.open_workspace(studio.root)


def addresses(plan: galleryctl.Plan) -> list[str]:
    return [str(change.address) for change in plan.changes]


@dataclass(slots=True)
class Watcher(SilentProgress):
    """Records the ends of steps, and calls `then` after the first."""

    then: Callable[[], object] = lambda: None
    steps: int = 0
    ends: list[str] = field(default_factory=list)

    def on_plan(self, steps: Sequence[Step]) -> None:
        self.steps = len(steps)

    def on_step_end(self, step: Step, outcome: StepOutcome) -> None:
        self.ends.append(f"{outcome.status}: {step.id}")
        if len(self.ends) == 1:
            self.then()


def test_the_public_names_are_those_that_type_checkers_see() -> None:
    assert galleryctl.__file__ is not None
    tree = ast.parse(Path(galleryctl.__file__).read_text(encoding="utf-8"))
    (block, *_) = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in ast.walk(block) if isinstance(node, ast.ImportFrom)]
    names = {alias.name: node.module for node in imports for alias in node.names}
    assert set(galleryctl.__all__) == {*names, "__version__"}
    for name, module in names.items():
        assert getattr(galleryctl, name).__module__ == module
    assert set(galleryctl.__all__) <= set(dir(galleryctl))


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        getattr(galleryctl, "nope")  # noqa: B009 - type checkers know that there is none


def test_each_operation_has_a_coroutine_method() -> None:
    public = {name for name in vars(galleryctl.Workspace) if not name.startswith("_")}
    assert public == {"directory", "site", *OPERATIONS, *(f"{name}_async" for name in OPERATIONS)}
    for name in (*OPERATIONS, *(f"{name}_async" for name in OPERATIONS)):
        method = getattr(galleryctl.Workspace, name)
        assert (method.__name__, asyncio.iscoroutinefunction(method)) == (name, name.endswith("_async"))
        assert method.__doc__


def test_validate_counts_what_there_is(wedding: CliHarness) -> None:
    found = opened(wedding).validate()
    assert (found.sites, found.galleries[0].item_count, found.media_files) == (("main",), 4, 3)
    wedding.write_gallery(["{text: 1}"])
    with pytest.raises(galleryctl.InvalidInput) as caught:
        opened(wedding).validate()
    assert caught.value.problems


def test_plan_apply_and_drift(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    plan = workspace.plan()
    assert addresses(plan)[0] == "weddings"
    assert plan.count(galleryctl.Action.CREATE) == 5
    watcher = Watcher()
    report = workspace.apply(plan, progress=watcher)
    assert {outcome.status for outcome in report.outcomes} == {galleryctl.OutcomeStatus.DONE}
    assert (report.exit_code, len(watcher.ends)) == (0, watcher.steps)
    assert watcher.steps > 0
    assert workspace.drift().is_empty
    wedding.assert_no_changes()
    wedding.edit({"gallery": {"name": "Weddings"}, "item": {"title": "Cake"}, "set": {"title": "Pie"}})
    assert addresses(workspace.drift()) == ["weddings/cake"]
    assert workspace.drift(targets=["weddings/rings"]).is_empty


def test_apply_without_a_plan_makes_one(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    assert len(workspace.apply().outcomes) == 5
    assert workspace.apply().outcomes == ()
    wedding.write_gallery([])
    assert workspace.apply(allow_empty=True, max_delete_percent=100).exit_code == 0
    assert wedding.items() == []


def test_destroy_deletes_what_is_managed(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    workspace.apply()
    assert workspace.apply(destroy=True, targets=["weddings/cake"]).exit_code == 0
    assert "Cake" not in wedding.titles()


def test_a_plan_is_stale_once_the_site_changed(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    workspace.apply()
    wedding.write_gallery(["{key: words, text: '<p>Thanks</p>', title: Words}"])
    plan = workspace.plan(max_delete_percent=100)
    wedding.edit({"gallery": {"name": "Weddings"}, "item": {"title": "Words"}, "set": {"title": "Pie"}})
    with pytest.raises(galleryctl.StaleError):
        workspace.apply(plan)


def test_safety_checks_reject_a_plan(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    workspace.apply()
    wedding.write_gallery([])
    plan = workspace.plan()
    assert plan.refusals
    for given in (plan, None):
        with pytest.raises(galleryctl.Refused) as caught:
            workspace.apply(given)
        assert "--allow-empty" in caught.value.do
    assert len(wedding.items()) == 4


def test_the_lock_keeps_a_second_run_out(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    with FileStateBackend(wedding.root / ".galleryctl/state.json").lock(lock_owner("apply")):
        with pytest.raises(galleryctl.LockedError):
            workspace.apply()
        assert not workspace.plan().is_empty


def test_a_plan_is_signed_where_state_has_a_passphrase(wedding: CliHarness) -> None:
    config = (wedding.root / "galleryctl.yaml").read_text(encoding="utf-8")
    wedding.write("galleryctl.yaml", config + "state: {passphrase: '${MY_PASSPHRASE}'}\n")
    workspace = galleryctl.open_workspace(wedding.root, environ={"MY_PASSPHRASE": "correct horse battery"})
    plan = workspace.plan()
    with pytest.raises(galleryctl.Refused, match="not signed"):
        workspace.apply(replace(plan, signature=""))
    assert workspace.apply(plan).exit_code == 0
    unset = galleryctl.open_workspace(wedding.root, environ={})
    unset.validate()
    with pytest.raises(galleryctl.InvalidInput, match="MY_PASSPHRASE"):
        unset.plan()


def test_arguments_that_make_no_sense(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    plan = workspace.plan()
    for wrong in (
        lambda: workspace.plan(targets=["not an address"]),
        lambda: workspace.apply(plan, allow_empty=True),
        workspace.import_gallery,
        lambda: workspace.import_gallery(gallery_id="1", name="Weddings"),
    ):
        with pytest.raises(galleryctl.InvalidInput):
            wrong()
    with pytest.raises(galleryctl.MatchError):
        workspace.plan(targets=["nowhere"])
    for seconds in (math.nan, math.inf, -1.0):
        with pytest.raises(galleryctl.InvalidInput, match="lock_timeout must be a finite number"):
            workspace.apply(lock_timeout=seconds)


def test_import_writes_a_manifest(studio: CliHarness) -> None:
    studio.edit(
        {"gallery": None, "set": {"name": "Journal"}},
        {"gallery": None, "set": {"name": "Summer"}},
    )
    studio.edit(
        {
            "gallery": {"name": "Journal"},
            "item": None,
            "set": {"type": "TEXT", "title": "May", "text": {"html": "x"}},
        }
    )
    studio.write_gallery([], name="other", head="bind: {name: Other, create: true}\nname: Other\n")
    workspace = opened(studio)
    dry = workspace.import_gallery("Journal", dry_run=True)
    assert not dry.draft.path.exists()
    done = workspace.import_gallery(name="Journal", out="galleries/diary.yaml")
    assert done.draft.path == studio.root / "galleries/diary.yaml"
    assert "May" in done.draft.path.read_text(encoding="utf-8")
    assert [*done.draft.manifest.adopted] == ["may"]
    assert workspace.plan(targets=["journal"]).changes == ()
    (rest,) = workspace.import_all()
    assert rest.draft.key == "summer"
    assert workspace.import_all() == ()
    with pytest.raises(galleryctl.MatchError):
        workspace.import_gallery("Nowhere")


def test_sites_are_opened_by_name(wedding: CliHarness) -> None:
    config = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\n"
    wedding.write("galleryctl.yaml", f"{config}sites: {{one: {{}}, two: {{}}}}\nstate: .galleryctl/{{site}}.json\n")
    with pytest.raises(galleryctl.GalleryctlError, match="several sites"):
        opened(wedding)
    with pytest.raises(galleryctl.GalleryctlError, match="unknown site 'three'"):
        galleryctl.open_workspace(wedding.root, site="three")
    one, two = (galleryctl.open_workspace(str(wedding.root), site=name) for name in ("one", "two"))

    async def both() -> tuple[galleryctl.Report, galleryctl.Report]:
        return await asyncio.gather(one.apply_async(), two.apply_async())

    first, second = asyncio.run(both())
    assert len(first.outcomes) == len(second.outcomes) == 5
    assert one.drift().is_empty
    assert two.site == "two"


def test_no_workspace_is_an_error_with_advice(tmp_path: Path) -> None:
    with pytest.raises(galleryctl.InvalidInput, match="does not exist") as caught:
        galleryctl.open_workspace(tmp_path)
    assert "galleryctl init" in caught.value.do


def test_every_method_works_inside_a_running_loop(wedding: CliHarness) -> None:
    workspace = opened(wedding)

    async def cell() -> None:
        assert workspace.validate() == await workspace.validate_async()
        plan = await workspace.plan_async()
        assert plan == workspace.plan()
        assert workspace.apply(plan).exit_code == 0
        assert (await workspace.apply_async()).outcomes == ()
        assert (await workspace.drift_async()).is_empty
        assert workspace.drift().is_empty
        assert (await workspace.import_gallery_async("weddings", dry_run=True)).draft.key == "weddings"
        assert workspace.import_gallery("weddings", dry_run=True).draft.key == "weddings"
        assert (await workspace.import_all_async()) == workspace.import_all() == ()
        with pytest.raises(galleryctl.MatchError):
            await workspace.plan_async(targets=["nowhere"])
        with pytest.raises(galleryctl.MatchError):
            workspace.plan(targets=["nowhere"])

    asyncio.run(cell())


def test_a_coroutine_method_does_not_block_the_event_loop(wedding: CliHarness) -> None:
    workspace = opened(wedding)
    threads: set[int] = set()
    watcher = Watcher(then=lambda: threads.add(threading.get_ident()))
    asyncio.run(workspace.apply_async(progress=watcher))
    assert threads.isdisjoint({threading.get_ident()})


def press_ctrl_c() -> None:
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)


def interrupted_in_a_script(workspace: galleryctl.Workspace) -> None:
    watcher = Watcher(then=press_ctrl_c)
    try:
        workspace.apply(progress=watcher)
    finally:
        assert 0 < len(watcher.ends) < watcher.steps


def interrupted_in_a_cell(workspace: galleryctl.Workspace) -> None:
    async def cell() -> None:
        before = signal.signal(signal.SIGINT, signal.default_int_handler)  # as notebooks do
        try:
            interrupted_in_a_script(workspace)
        finally:
            signal.signal(signal.SIGINT, before)

    asyncio.run(cell())


def interrupted_in_a_coroutine(workspace: galleryctl.Workspace) -> None:
    async def main() -> None:
        interrupted_in_a_script(workspace)

    asyncio.run(main())


def cancelled(workspace: galleryctl.Workspace) -> None:
    async def cell() -> None:
        loop = asyncio.get_running_loop()
        applying: asyncio.Task[galleryctl.Report]
        watcher = Watcher(then=lambda: loop.call_soon_threadsafe(applying.cancel))
        applying = asyncio.ensure_future(workspace.apply_async(progress=watcher))
        await applying

    asyncio.run(cell())


@pytest.mark.parametrize(
    ("interrupt", "error"),
    [
        (interrupted_in_a_script, KeyboardInterrupt),
        (interrupted_in_a_cell, KeyboardInterrupt),
        (interrupted_in_a_coroutine, KeyboardInterrupt),
        (cancelled, asyncio.CancelledError),
    ],
)
def test_an_interrupt_saves_the_state_and_the_next_apply_goes_on(
    wedding: CliHarness,
    interrupt: Callable[[galleryctl.Workspace], None],
    error: type[BaseException],
    caplog: pytest.LogCaptureFixture,
) -> None:
    workspace = one_step_at_a_time(wedding)
    with pytest.raises(error):
        interrupt(workspace)
    assert wedding.state()["serial"] > 0
    assert not list((wedding.root / ".galleryctl").glob("journal*"))
    assert workspace.apply().exit_code == 0
    assert len(wedding.items()) == 4
    wedding.assert_no_changes()
    gc.collect()
    assert caplog.records == []


def test_a_second_interrupt_ends_at_once_and_keeps_no_lock(
    wedding: CliHarness, caplog: pytest.LogCaptureFixture
) -> None:
    workspace = one_step_at_a_time(wedding)

    def press_twice() -> None:
        press_ctrl_c()
        press_ctrl_c()

    watcher = Watcher(then=press_twice)
    with pytest.raises(KeyboardInterrupt) as caught:  # its traceback lives on, as in a notebook
        workspace.apply(progress=watcher)
    assert len(watcher.ends) < watcher.steps
    assert workspace.apply().exit_code == 0
    assert len(wedding.items()) == 4
    wedding.assert_no_changes()
    del caught
    gc.collect()
    assert caplog.records == []


def test_an_error_has_no_unrelated_context(wedding: CliHarness) -> None:
    with pytest.raises(galleryctl.MatchError) as caught:
        opened(wedding).plan(targets=["nowhere"])
    assert caught.value.__context__ is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_delete_percent": 101}, "max_delete_percent must be between 0 and 100"),
        ({"max_delete_percent": -1}, "max_delete_percent must be between 0 and 100"),
        ({"max_delete_percent": math.nan}, "max_delete_percent must be between 0 and 100"),
        ({"targets": "weddings"}, "targets must be a list of addresses"),
    ],
)
def test_options_are_checked_as_on_the_command_line(wedding: CliHarness, options: dict[str, Any], message: str) -> None:
    with pytest.raises(galleryctl.InvalidInput, match=message):
        opened(wedding).plan(**options)


def one_step_at_a_time(wedding: CliHarness) -> galleryctl.Workspace:
    config = (wedding.root / "galleryctl.yaml").read_text(encoding="utf-8")
    wedding.write("galleryctl.yaml", config + "limits: {concurrency: 1}\n")
    return opened(wedding)
