"""Go templates, masked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.syntax.go_template import masked


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: {{ .Values.a }}", 'a: "${.Values.a}"'),
        ("a: {b: {{ .b }}, c: [{{ .c }}]}", 'a: {b: "${.b}", c: ["${.c}"]}'),
        ('a: "{{ .Values.a | quote }}"', 'a: "${.Values.a | quote}"'),
        ("{{- if .Values.a }}\na: 1\n{{- end }}\n", "\na: 1\n\n"),
        ("a:\n  {{- toYaml .Values.a | nindent 2 }}\nb: 1", "a:\n  \nb: 1"),
        ("{{ if .a }}{{ if .b }}\na: 1\n{{ end }}{{ end }}", "\na: 1\n"),
        ('name: {{ template "chart.name" . }}-x', "name: ${chart.name}-x"),
        ('name: {{ include "chart.name" $ | quote }}-x', "name: ${chart.name}-x"),
        ("a: {{ if .b }}x{{ else }}y{{ end }}", "a: ${if .b}x${else}y${end}"),
        ("{{/* a\nb */}}\na: 1 {{- /* c */}}", "\n\na: 1 "),
        ('a: {{ default "letmein" .b }}', 'a: "${default .b}"'),
        ('a: x{{ "letmein" }}', "a: x${template}"),
        ("a: {{- .b | nindent 2 }}\n  c: d", "a: \n  c: d"),
        ("a: {{- .b | nindent 2 }}\n{{- if .x }}\n\n  # e\n  c: d", "a: \n\n\n  # e\n  c: d"),
        ("a: {{- .b }}\nc: d", 'a: "${.b}"\nc: d'),
        ("- a: {{ .b }}\n  c: d", '- a: "${.b}"\n  c: d'),
        ("- a: {{ .b }}\n    c: d", "- a: \n    c: d"),
        ("- {{ .b }}\n  c: d", "- \n  c: d"),
        ("- {{ .b }}\n- c", '- "${.b}"\n- c'),
        (
            "a: {{ if .b }}{{ .c }}{{ else }} {{ .d }}{{ end }}\n",
            "a: ${if .b}${.c}${else} ${.d}${end}\n",
        ),
        ("{{- /* as {{ if .b }} is */ -}}\na: 1", "\na: 1"),
        ("{{/* never {{ ended }}\na: 1", "\na: 1"),
        ("a: {{ never closed", "a: {{ never closed"),
        ("a: 1", "a: 1"),
    ],
)
def test_what_is_left_is_yaml(text: str, expected: str) -> None:
    assert masked(text) == expected


@given(st.lists(st.sampled_from(["{{", "}}", "\n", "a: ", "if .x", '"', " ", "- "])).map("".join))
def test_lines_stay_where_they_are_and_nothing_is_left_open(text: str) -> None:
    out = masked(text)
    assert out.count("\n") == text.count("\n")
    _, opened, after = out.partition("{{")
    assert not opened or "}}" not in after


def test_a_long_line_takes_no_longer_than_its_length() -> None:
    text = "{{a}}" * 200_000
    assert masked(text) == ""
    assert masked(f"x{text}").count("${a}") == 200_000


def test_many_templates_above_each_other_take_no_longer_than_their_length() -> None:
    text = "a: {{ .b }}\n" + "{{ .c }}\n" * 3
    assert masked(text * 20_000).count("${.b}") == 20_000


@pytest.mark.parametrize("piece", ["{{/*}}", "[ {{a}}, ", "{{/*", "a: {{b}}\n  "])
def test_no_text_takes_longer_than_its_length(piece: str) -> None:
    assert masked(piece * 100_000).count("\n") == (piece * 100_000).count("\n")
