from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.cli.odd_sites import Doc, galleries
from tests.studio import Studio

WORKSPACE = "galleryctl: 1\nbackend: {type: local}\ngalleries: galleries/*.yaml\nitem_order: ORDER\n"


# Without shrinking: every example is a site of its own, and three commands.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(
    edits=st.tuples(galleries(1), galleries(2), galleries(3)).map(lambda parts: [*chain(*parts)]),
    order=st.sampled_from(["ascending", "descending"]),
)
def test_the_plan_after_an_import_is_empty_and_a_lost_state_makes_and_deletes_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
    edits: list[Doc],
    order: str,
) -> None:
    studio = Studio(tmp_path_factory.mktemp("site"), capsys)
    studio.write("galleryctl.yaml", WORKSPACE.replace("ORDER", order))
    studio.edit(*edits)
    ran = studio.run("import", "--all")
    assert ran.code == 0, ran.out + ran.err
    assert "next plan" not in ran.err
    studio.assert_settled()
    (studio.root / ".galleryctl/state.json").unlink()
    ran = studio.run("plan")
    assert ran.code == 0, ran.out + ran.err
    assert "Plan" not in ran.out or " 0 to create" in ran.out
    assert "Plan" not in ran.out or " 0 to delete" in ran.out
