import io

from rich.console import Console

from bedside.audit import AuditReport, Finding
from bedside.audit.terminal import render


def shown(*findings, color=None):
    console = Console(file=io.StringIO(), width=100, force_terminal=bool(color), color_system=color)
    render(AuditReport(findings), console)
    return console.file.getvalue()


STOP = Finding("copies-across-parts", "block", "2 test cases are copies.", 2, (4, 9), "Drop them.")
LOOK = Finding("blank-images", "warn", "12 cases of class [red]x[/red].", 12, tuple(range(12)), "")


def test_says_what_where_and_what_to_do():
    text = shown(STOP, LOOK)
    for words in ("block", "copies-across-parts", "2 test cases", "rows 4, 9", "Drop them."):
        assert words in text
    assert "rows 0, 1, 2, 3, 4, 5, 6, 7, ..." in text
    assert text.strip().endswith("1 finding stops a run until mended; 1 more to look at.")


def test_names_that_look_like_markup_are_shown_as_they_are():
    assert "[red]x[/red]" in shown(LOOK)


def test_closing_line_without_blocks():
    assert shown(LOOK).strip().endswith("Nothing stops a run; 1 to look at first.")
    assert shown() == "Nothing stops a run, nothing to look at first.\n"


def test_severity_is_coloured():
    text = shown(STOP, LOOK, color="standard")
    assert "\x1b[1;31mblock" in text
    assert "\x1b[33mwarn" in text
