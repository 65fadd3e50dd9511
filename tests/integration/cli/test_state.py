from __future__ import annotations

from tests.studio import Studio


def test_state_list_names_what_is_known(wedding: Studio) -> None:
    wedding.apply()
    ran = wedding.run("state", "list")
    assert ran.code == 0
    assert "weddings/first-dance" in ran.out
    for args in (
        ["show", "weddings"],
        ["mv", "weddings/cake", "weddings/torte"],
        ["rm", "weddings/torte"],
        ["rebuild", "--auto-approve"],
        ["unlock"],
    ):
        ran = wedding.run("state", *args)
        assert ran.code == 0
    wedding.assert_settled()
