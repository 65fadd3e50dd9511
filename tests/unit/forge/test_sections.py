from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from galleryctl.forge.sections import MAX_COMMENT, Section, comment_body, merge_sections, new_section, parse_sections
from galleryctl.forge.shorten import text_units

MORE = "The rest is in [the job](https://forge/run/12)."
lines = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<"), max_size=60)


def section(name: str, text: str, summary: str = "Plan: 3 to delete.") -> Section:
    return new_section(name=name, run=12, attempt=1, title=name, summary=summary, text=text)


@given(st.lists(st.tuples(lines, lines), min_size=1, max_size=4, unique_by=lambda pair: pair[0]))
def test_a_body_has_the_sections_that_it_was_made_of(parts: list[tuple[str, str]]) -> None:
    sections = merge_sections(section(name, text) for name, text in parts)
    found = parse_sections(comment_body("galleries", sections, more=MORE), "galleries")
    assert found is not None
    identity = [(each.name, each.run, each.attempt, each.digest) for each in found]
    assert identity == [(each.name, each.run, each.attempt, each.digest) for each in sections]


def test_a_body_is_written_again_as_it_is() -> None:
    sections = [section("a", "### galleryctl plan\n\n- one\n- two"), section("b", "text")]
    body = comment_body("galleries", sections, more=MORE)
    found = parse_sections(body.replace("\n", "\r\n"), "galleries")
    assert found is not None
    assert comment_body("galleries", found, more=MORE) == body
    assert parse_sections(body, "other") is None
    assert parse_sections(f"> {body}", "galleries") is None


@given(st.lists(st.sampled_from([10, 3_000, 59_900, 200_000]), min_size=1, max_size=6))
def test_no_body_is_longer_than_a_comment(sizes: list[int]) -> None:
    sections = [section(f"s{n}", "\n".join(["- 😀 item"] * (size // 10))) for n, size in enumerate(sizes)]
    body = comment_body("galleries", sections, more=MORE)
    assert text_units(body) <= MAX_COMMENT
    assert all(f"**s{n}**" in body or len(sizes) == 1 for n in range(len(sizes)))


def test_256_legs_fit_and_each_has_its_line() -> None:
    sections = [section(f"clients/{n:052}", "- **x** delete\n" * 200, "Plan: " + "1 to delete, " * 30) for n in range(256)]  # fmt: skip
    body = comment_body("galleries", sections, more=MORE)
    assert text_units(body) <= MAX_COMMENT
    assert len(parse_sections(body, "galleries") or ()) == 256


def test_collapsed_parts_go_before_what_is_dangerous() -> None:
    deletes = "\n".join(f"- delete {n}" for n in range(800))
    creates = "\n".join(f"- create {n}" for n in range(3_000))
    long = f"{deletes}\n\n<details><summary>Creates</summary>\n\n{creates}\n\n</details>"
    texts = [f"{name}\n\n{long}" for name in "abcd"]
    body = comment_body("galleries", [section(text[0], text) for text in texts], more=MORE)
    assert body.count("- delete 799\n") == 4
    assert MORE in body
    assert body.count("<details>") == body.count("</details>")
