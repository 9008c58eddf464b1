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
    assert "rows 0, 1, 2, 3, 4, 5, 6, 7 and 4 more" in text
    assert text.strip().endswith("1 finding stops a run until mended; 1 more to look at.")


def test_pairs_and_what_is_said_of_rows_are_shown():
    pair = Finding("near-copies-across-parts", "warn", "1 pair.", 1, (4, 9), "", ((4, 9),),
                   ("train", "test"))  # fmt: skip
    unread = Finding("unreadable-files", "block", "3 cases cannot be read.", 3, (2, 5, 7), "", (),
                     ("no such file", "an empty file", "no such file"))  # fmt: skip
    text = shown(unread, pair)
    assert "rows 4 (train) and 9 (test)" in text
    assert "rows 2, 7: no such file" in text
    assert "row 5: an empty file" in text


def test_a_remedy_that_several_findings_share_is_said_once():
    again = Finding("headers", "warn", "Another.", 1, (), "Look at them.")
    text = shown(Finding("headers", "warn", "One.", 1, (), "Look at them."), again, LOOK)
    assert text.count("Look at them.") == 1


def test_words_have_room_on_a_narrow_terminal():
    console = Console(file=io.StringIO(), width=80)
    long = Finding("near-copies-across-parts", "warn", "word " * 60, 1234, (), "")
    render(AuditReport((long,)), console)
    assert max(line.count("word") for line in console.file.getvalue().splitlines()) >= 11


def test_it_says_what_the_rows_are_counted_in():
    console = Console(file=io.StringIO(), width=80)
    render(AuditReport((STOP,), {"rows_of": "cases.csv"}), console)
    assert "Rows are those of cases.csv." in console.file.getvalue()


def test_names_that_look_like_markup_are_shown_as_they_are():
    assert "[red]x[/red]" in shown(LOOK)


def test_closing_line_without_blocks():
    assert shown(LOOK).strip().endswith("Nothing stops a run; 1 to look at first.")
    assert shown() == "Nothing stops a run, nothing to look at first.\n"


def test_severity_is_coloured():
    text = shown(STOP, LOOK, color="standard")
    assert "\x1b[1;31mblock" in text
    assert "\x1b[33mwarn" in text
