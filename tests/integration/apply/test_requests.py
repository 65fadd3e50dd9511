"""The number of requests, and that no two items share a sort order at any time."""

from __future__ import annotations

import shutil
from collections import Counter
from math import ceil
from pathlib import Path

import pytest

from galleryctl.model.desired import ItemOrder
from galleryctl.wix.transport import Attempt
from tests.support.cli_harness import CliHarness, CommandResult
from tests.support.engine_harness import EngineHarness, make_desired, text_item

PORTFOLIO = Path(__file__).parents[3] / "examples/portfolio"


def texts(count: int) -> list[str]:
    return [f"{{key: t{n:04}, title: T{n:04}, text: '<p>{n}</p>'}}" for n in range(count)]


def methods(ran: CommandResult) -> Counter[str]:
    return Counter(request.split()[0] for request in ran.requests)


def test_the_second_plan_of_the_portfolio_reads_each_page_once_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "portfolio"
    shutil.copytree(PORTFOLIO, root, ignore=shutil.ignore_patterns(".galleryctl"))
    studio = CliHarness(root, capsys)
    studio.apply()
    counts = [gallery["totalItems"] for gallery in studio.galleries()]
    assert len(counts) == 3
    assert sum(counts) >= 40
    second = studio.run("plan", "--detailed-exitcode", "-vv")
    assert second.code == 0
    assert methods(second) == {"GET": ceil(len(counts) / 10) + sum(max(1, ceil(n / 100)) for n in counts)}


def test_a_new_gallery_of_a_thousand_is_one_create_and_ten_pages(studio: CliHarness) -> None:
    studio.write_gallery(texts(1000))
    ran = studio.apply("-vv")
    assert methods(ran) == {"GET": 1 + 10, "POST": 1}
    studio.assert_no_changes()


def test_a_thousand_deletes_are_one_call_and_one_more_is_a_second(studio: CliHarness) -> None:
    items = texts(1001 + 500)
    studio.write_gallery(items)
    studio.apply()
    studio.write_gallery(items[:500])
    ran = studio.apply("-vv", "--max-delete-percent", "70")
    deletes = [request for request in ran.requests if request.startswith("POST")]
    assert len(deletes) == 2
    assert all(request.endswith("/items/delete") for request in deletes)
    assert len(studio.titles()) == 500


@pytest.mark.parametrize("item_order", list(ItemOrder))
@pytest.mark.parametrize("precision", ["double", "float32"])
def test_in_a_reversal_no_two_items_ever_share_a_sort_order(
    tmp_path: Path, item_order: ItemOrder, precision: str
) -> None:
    world = EngineHarness(tmp_path)
    try:
        world.settings(item_order=item_order.value, sort_order_precision=precision)
        items = [text_item(f"k{n:02}") for n in range(40)]
        world.apply(make_desired(*items, item_order=item_order))
        seen: list[int] = []

        def look(exchange: Attempt) -> None:
            if exchange.phase == "after" and exchange.name.startswith("PATCH"):
                orders = [item["sortOrder"] for item in world.items()]
                assert len(set(orders)) == 40
                seen.append(len(orders))

        world.on_attempt = look
        reversal = make_desired(*items[::-1], item_order=item_order)
        assert world.apply(reversal).report.exit_code == 0
        assert len(seen) == 39
        assert world.plan(reversal).is_empty
    finally:
        world.close()
