"""The difference of long values shows where they differ, never two texts that look alike."""

from __future__ import annotations

from backendctl.ui.long_values import is_long, lines_of

TEMPLATE = "\n".join(f"#set($v{n} = $input.path('$.field{n}'))" for n in range(40))


def test_a_template_is_told_by_its_lines() -> None:
    after = TEMPLATE.replace("$.field31", "$.other31")
    found = lines_of(TEMPLATE, after)
    assert is_long(TEMPLATE, after)
    assert "- #set($v31 = $input.path('$.field31'))" in found
    assert "+ #set($v31 = $input.path('$.other31'))" in found
    assert len(found) < 12


def test_a_policy_is_told_by_its_structure() -> None:
    before = {"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "x"}]}
    after = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "x"}]}
    found = lines_of(before, after)
    assert any("111122223333" in line and line.startswith("-") for line in found)
    assert any('"*"' in line or ": *" in line for line in found if line.startswith("+"))


def test_json_in_a_text_is_told_by_its_structure() -> None:
    before = '{"statusCode": 200, "x": "' + "a" * 80 + '"}'
    after = '{"statusCode": 201, "x": "' + "a" * 80 + '"}'
    assert lines_of(before, after) == ["- statusCode: 200", "+ statusCode: 201"]


def test_one_long_line_is_cut_around_what_differs() -> None:
    before, after = "a" * 100 + "X" + "b" * 100, "a" * 100 + "Y" + "b" * 100
    old, new = lines_of(before, after)
    assert "X" in old
    assert "Y" in new
    assert max(len(old), len(new)) < 60


def test_verbose_shows_all_of_it() -> None:
    after = TEMPLATE.replace("field", "other")
    assert lines_of(TEMPLATE, after)[-1].endswith("-v shows all")
    assert len(lines_of(TEMPLATE, after, verbose=True)) > 80
