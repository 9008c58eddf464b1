import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bedside.reporting.report import write_report
from bedside.run_folder import RunFolder

from .made_run import CASE, PATIENT, Made, make_run

VOID = {"meta", "link", "img", "br", "circle", "input", "hr"}


class Page(HTMLParser):
    """What a reader of the page meets: tags in order, text, attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def _page(folder: RunFolder, **options: Any) -> Page:
    return Page(write_report(folder, **options).read_text(encoding="utf-8"))


def _made(root: Path, **changes: Any) -> Page:
    return _page(make_run(root, Made(cases=200, changes=changes, examples=False, figures=False)))


def _lead(page: Page) -> str:
    return page.text.split("The answer")[1]


def test_deep_better_says_both_uncertainties(runs: dict[str, RunFolder]) -> None:
    text = _page(runs["binary"]).text
    pattern = (
        r"Deep model better On 600 test cases the deep model told pneumonia from normal with an "
        r"AUROC of 0\.\d{3} \(95\W%\Winterval 0\.\d{3} to [01]\.\d{3}\), better than the best "
        r"simple model \(logistic regression on image features, AUROC 0\.\d{3}\)\. Its AUROC is "
        r"0\.035 higher than the simple model's \(95\W%\Winterval: 0\.021 to 0\.050 higher\)\."
    )
    assert re.search(pattern, text)


@pytest.mark.parametrize(
    ("verdict", "first", "advice"),
    [
        (
            "deep not shown better",
            "The deep model was not shown to be better than the best simple model (logistic",
            "use the simple one",
        ),
        (
            "deep worse",
            "The deep model was worse than the best simple model (logistic",
            "Use the simple model.",
        ),
    ],
)
def test_other_verdicts_stand_in_the_first_sentence(
    tmp_path: Path, verdict: str, first: str, advice: str
) -> None:
    difference = {"metric": "auroc", "value": -0.004, "low": -0.016, "high": 0.008}
    lead = _lead(_made(tmp_path, verdict=verdict, difference=difference))
    badge = "Deep" + verdict.removeprefix("deep").replace(" ", " model ", 1)
    assert lead.strip().startswith(f"{badge} {first}")
    compared = (
        "Its AUROC is 0.004 lower than the simple model's (95 % interval: 0.016 lower to 0.008"
    )
    assert f"{compared} higher)." in lead.replace("\xa0", " ")
    assert advice in lead


def test_without_a_simple_model_nothing_is_claimed(tmp_path: Path) -> None:
    page = _made(tmp_path, verdict=None, best_baseline=None, difference=None)
    assert "No simple model was trained beside the deep one" in _lead(page)[:120]
    assert "Deep model better" not in page.text


def test_natural_frequencies_and_limits(runs: dict[str, RunFolder]) -> None:
    text = _page(runs["binary"]).text
    assert re.search(r"Of 100 people with pneumonia it finds \d+ \(\d+ to \d+\); of 100 without, "
                     r"it raises a false alarm in \d+ \(\d+ to \d+\)\.", text)  # fmt: skip
    assert "Research software, not a medical device." in text
    assert "Intended use: Research on triage of chest X-rays of adults." in text
    assert "from a probability of 0.470 on, chosen on the validation part" in text


def test_red_boxes_only_where_they_belong(tmp_path: Path, runs: dict[str, RunFolder]) -> None:
    red = {"class": "notice red", "role": "note"}
    assert red not in _page(runs["binary"]).all("div")
    page = _made(tmp_path, looks=2, waived=["copies"], split_by="case", patients=None)
    assert page.all("div").count(red) == 3
    assert "Of 100 cases with pneumonia" in page.text
    parts = ("The answer", "Split by case, not", "What this means", "Limits", "Words used here")
    order = [page.text.index(words) for words in parts]
    assert order == sorted(order)


@pytest.mark.parametrize("kind", ["binary", "classes", "labels"])
def test_every_kind_renders_whole(runs: dict[str, RunFolder], kind: str) -> None:
    path = write_report(runs[kind])
    page = Page(path.read_text(encoding="utf-8"))
    assert not page.open
    assert path.stat().st_size < 5_000_000
    for words in ("All models, all metrics", "Calibration", "Subgroups", "Example cases",
                  "The resolved study file", "Learning curves", "Near copies."):  # fmt: skip
        assert words in page.text
    assert ("macro-averaged AUROC" in page.text) == (kind != "binary")
    assert len(page.all("img")) > 15
    assert "None" not in page.text.replace("None of", "")
    assert "nan" not in re.findall(r"[a-z]+", page.text)


def test_the_recipe_that_auto_became_is_told(runs: dict[str, RunFolder]) -> None:
    page = write_report(runs["binary"]).read_text()
    for words, value in {
        "Epochs at most": "18", "Batch size": "32", "Learning rate": "0.0014",
        "Patience, epochs": "8", "Trained on": "cpu", "Precision": "bf16",
    }.items():  # fmt: skip
        assert f"<dt>{words}</dt><dd>{value}</dd>" in page
    assert "<dt>training</dt>" not in page


def test_the_page_says_what_the_package_computes_in_and_why(tmp_path: Path) -> None:
    made = make_run(tmp_path, Made(cases=200, examples=False, figures=False))
    made.package.mkdir()
    check = {
        "precision": "bf16", "why": "validation probabilities stay within 0.01 of float32",
        "cases": 40, "largest_change": 0.0021, "other_decisions": 1,
    }  # fmt: skip
    (made.package / "package.json").write_text(json.dumps({"precision_check": check}))
    assert (
        "<dt>Package computes in</dt><dd>bf16: validation probabilities stay within 0.01 of "
        "float32 (40 cases, largest change 0.0021, 1 decided otherwise)</dd>"
    ) in write_report(made).read_text(encoding="utf-8")


def test_nothing_is_loaded_from_anywhere(runs: dict[str, RunFolder]) -> None:
    text = write_report(runs["binary"]).read_text(encoding="utf-8")
    page = Page(text)
    for _, attributes in page.tags:
        for name in ("src", "href", "srcset", "poster", "action"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:", "#"))
    assert not page.all("script")
    assert not re.search(r"url\(|@import", text)
    assert not any(name.startswith("on") for _, a in page.tags for name in a)
    policy = [m.get("content") for m in page.all("meta") if m.get("http-equiv")]
    assert policy == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]


def test_words_of_the_data_cannot_become_markup(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    about = {"question": f"Why {evil}?", "intended_use": evil}
    changes = {"study": evil, "split_notes": [evil], "waived": [evil]}
    study = {"name": evil, "about": about}
    made = Made(cases=120, classes=("normal $x_{$", evil), changes=changes, study=study)
    page = _page(make_run(tmp_path, made))
    assert not page.all("script")
    assert f"Why {evil}?" in page.text


def test_copy_to_share_holds_no_case(runs: dict[str, RunFolder], tmp_path: Path) -> None:
    folder = runs["binary"]
    full = write_report(folder).read_text(encoding="utf-8")
    assert "This file holds patient data." in full
    assert f"{CASE}s.csv" in full
    assert "rows 12, 18, 44" in full
    assert full.count("data:image/png") > 10
    copy = write_report(folder, cases=False).read_text(encoding="utf-8")
    assert (folder.root / "report-no-cases.html").exists()
    for secret in (PATIENT, CASE, "data:image/png", "row 7777", "12, 18, 44", "secretfolder",
                   "secrethost", "tiny", "holds patient data"):  # fmt: skip
        assert secret not in copy
    assert "Left out of this copy: example cases are patient data." in copy
    assert "table: cases.csv" in copy
    output = tmp_path / "elsewhere.html"
    assert write_report(folder, cases=False, output=output) == output
    assert output.read_text(encoding="utf-8") == copy


def test_missing_intervals_and_files_read_na(tmp_path: Path) -> None:
    folder = make_run(tmp_path, Made(cases=150, intervals=False, examples=False, figures=False))
    for path in (folder.audit, folder.environment, folder.splits, folder.log):
        path.unlink()
    text = _page(folder).text
    assert "interval n/a" in text
    assert "Its AUROC is 0.035 higher than the simple model's (interval n/a)." in text
    assert "This run holds no audit." in text
    assert "This run holds no example cases." in text


def test_report_of_metrics_alone_still_renders(tmp_path: Path) -> None:
    folder = make_run(tmp_path, Made(cases=60, examples=False))
    for path in [*(tmp_path / "predictions").glob("*.csv"), folder.predictions]:
        path.unlink()
    folder.metrics.write_text('{"deep": "resnet", "models": {"resnet": {}}}')
    page = _page(folder)
    assert "No simple model was trained" in page.text
    assert not page.open


def test_basic_accessibility(runs: dict[str, RunFolder]) -> None:
    page = _page(runs["binary"])
    assert page.all("html") == [{"lang": "en"}]
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all((image.get("alt") or "").strip() for image in page.all("img"))
    assert all(svg.get("aria-label") for svg in page.all("svg"))
    assert all(head.get("scope") in ("row", "col") for head in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = [a["href"] for a in page.all("a")]
    assert links[0] == "#answer"
    assert {(link or "")[1:] for link in links} <= set(ids)
    named = {a["aria-labelledby"] for _, a in page.tags if "aria-labelledby" in a}
    assert named <= set(ids)


@pytest.mark.parametrize("kind", ["binary", "classes", "labels", "forecast", "summary"])
def test_each_table_and_figure_that_scrolls_has_a_name_of_its_own(
    runs: dict[str, RunFolder], kind: str
) -> None:
    scrolls = [a for _, a in _page(runs[kind]).tags if a.get("tabindex") == "0" and "role" in a]
    names = [a["aria-label"] for a in scrolls]
    assert len(names) > 4
    assert len(names) == len(set(names))
    assert {a["role"] for a in scrolls} == {"group"}  # a landmark each would be noise


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_text_colours_stand_out_from_their_ground(runs: dict[str, RunFolder]) -> None:
    text = write_report(runs["binary"]).read_text(encoding="utf-8")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", text))
    pairs = [("ink", None), ("muted", None), ("muted", "soft"), ("accent", None),
             ("red", "red-soft"), ("amber", "amber-soft"), ("green", "green-soft")]  # fmt: skip
    for ink, ground in pairs:
        light = _luminance(colours[ground]) if ground else 1.0
        assert (light + 0.05) / (_luminance(colours[ink]) + 0.05) >= 4.5, (ink, ground)
