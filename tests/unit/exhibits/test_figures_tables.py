"""Figures and tables: determinism, metadata, marks, and TeX/HTML/CSV that other programs can read."""

import re
import time
from html.parser import HTMLParser

import matplotlib.colors
import matplotlib.image
import numpy as np
import pandas as pd
import pytest

from regspec.errors import DataError
from regspec.exhibits import figures, tables
from regspec.exhibits.writer import ExhibitWriter

STAMP = {"config_hash": "abc123", "code_version": "0.1+x"}


def figure(stem, synthetic=False, **kwargs):
    fig, ax = figures.new(**kwargs)
    ax.plot([0, 1], [0.2, -0.4], "o")
    ax.set_xlabel("Gini (0 to 1)")
    return fig, figures.save(fig, stem, STAMP, synthetic)


def plain(folder):
    """Writer of exhibits of real data."""
    return ExhibitWriter(folder, STAMP, False)


def test_the_same_data_give_the_same_bytes_at_another_time(tmp_path):
    _, first = figure(tmp_path / "a" / "x", True)
    # PDF dates have a resolution of one second.
    time.sleep(1.1)
    _, second = figure(tmp_path / "b" / "x", True)
    assert [p.read_bytes() for p in first] == [p.read_bytes() for p in second]


def test_pdf_embeds_fonts_and_carries_the_stamp(tmp_path):
    _, (pdf, png) = figure(tmp_path / "x")
    content = pdf.read_bytes()
    assert b"/FontFile2" in content and b"/Type3" not in content
    assert b"CreationDate" not in content
    assert b"config_hash=abc123" in content
    assert b"abc123" in png.read_bytes()


@pytest.mark.parametrize(("width", "pixels"), [("single", 1005), ("double", 2070)])
def test_png_has_300_dots_an_inch_at_the_printed_width(tmp_path, width, pixels):
    _, (_, png) = figure(tmp_path / "x", width=width, height=2.0)
    assert matplotlib.image.imread(png).shape[:2] == (600, pixels)


def test_synthetic_mark_is_visible_above_the_axes(tmp_path):
    plain, (_, without) = figure(tmp_path / "plain")
    marked, (_, png) = figure(tmp_path / "marked", True)
    assert not plain.texts and [t.get_text() for t in marked.texts] == 2 * ["synthetic data"]
    assert marked.texts[1].get_alpha() < 0.15
    marked.draw_without_rendering()
    box = marked.texts[0].get_window_extent()
    assert box.y0 >= marked.axes[0].get_window_extent().y1
    assert 0 < box.x0 and box.x1 <= marked.bbox.x1 and box.y1 <= marked.bbox.y1
    corner = matplotlib.image.imread(png)[:60, -300:, :3]
    assert corner.min() < 0.9 and matplotlib.image.imread(without)[:60, -300:, :3].min() == 1


def test_a_dot_in_the_name_is_kept(tmp_path):
    _, paths = figure(tmp_path / "theta_0.35")
    assert [p.name for p in paths] == ["theta_0.35.pdf", "theta_0.35.png"]


def test_panels_and_unknown_width():
    _, axes = figures.new("double", ncols=3, nrows=2, sharey=True)
    assert axes.shape == (2, 3)
    with pytest.raises(ValueError, match="allowed: single, double"):
        figures.new("wide")


# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
COLOUR_BLIND = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.mark.parametrize("kind", COLOUR_BLIND)
def test_palette_stays_apart_for_colour_blind_readers(kind):
    """No two colours come closer than 0.2 in sRGB; matplotlib's default cycle comes down to 0.05-0.12."""
    rgb = np.array([matplotlib.colors.to_rgb(c) for c in figures.PALETTE])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(COLOUR_BLIND[kind]).T, 0, 1)
    seen = np.where(seen <= 0.0031308, 12.92 * seen, 1.055 * seen ** (1 / 2.4) - 0.055)
    distance = np.linalg.norm(seen[:, None] - seen[None], axis=-1)[np.triu_indices(len(seen), 1)]
    assert distance.min() > 0.2


FRAME = pd.DataFrame(
    {
        ("", "Term"): ["Share & level_1", "50% <b>", "ĝ"],
        ("income", "Mean"): [0.12345, -0.00001, np.nan],
        ("income", "N"): [722, 721, 5],
        ("employment", "Slope"): ["-0.233*", "(0.090)", "0.844***"],
    }
)


@pytest.fixture
def written(tmp_path):
    ExhibitWriter(tmp_path, STAMP, True).table(name="t", body=FRAME, caption="Cap_tion", notes="10% & β", rules=[2])
    return tmp_path


def test_tex_needs_booktabs_only_and_its_rows_are_complete(written):
    text = (written / "t.tex").read_text(encoding="utf-8")
    kernel = {
        "begin",
        "end",
        "centering",
        "caption",
        "label",
        "multicolumn",
        "par",
        "smallskip",
        "linewidth",
        "footnotesize",
        "hat",
        "beta",
    }
    booktabs = {"toprule", "midrule", "bottomrule", "cmidrule"}
    assert set(re.findall(r"\\([A-Za-z]+)", text)) <= kernel | booktabs
    assert re.findall(r"\\begin\{(\w+)\}", text) == ["table", "tabular", "minipage"]
    assert sorted(re.findall(r"\\end\{(\w+)\}", text)) == ["minipage", "table", "tabular"]
    columns = re.search(r"\\begin\{tabular\}\{(\w+)\}", text)[1]
    assert columns == "lrrc"
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    for row in rows[1:]:
        assert len(re.findall(r"(?<!\\)&", row)) == 3
    assert rows[0].count(r"\multicolumn{2}{c}{income}") == 1
    assert r"\cmidrule(lr){2-3}\cmidrule(lr){4-4}" in text
    assert text.count("{") == text.count("}") and len(re.findall(r"(?<!\\)\$", text)) % 2 == 0


def test_cells_are_escaped_and_formatted(written):
    text = (written / "t.tex").read_text(encoding="utf-8")
    assert r"Share \& level\_1 & 0.123 & 722 & $-$0.233$^{*}$ \\" in text
    assert r"50\% $<$b$>$ & 0.000 & 721 & (0.090) \\" in text
    assert r"$\hat{g}$ &  & 5 & 0.844$^{***}$ \\" in text
    assert r"\caption{Cap\_tion (synthetic data)}\label{tab:t}" in text and r"10\% \& $\beta$" in text
    assert text.index("0.000") < text.rindex(r"\midrule") < text.index("0.844")


class Checker(HTMLParser):
    """Collects cells; fails on tags that are not closed in order."""

    def __init__(self):
        super().__init__()
        self.open, self.cells, self.links, self.meta = [], [], [], {}

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [v for k, v in attrs.items() if k in ("src", "href")]
        if tag == "meta":
            self.meta[attrs.get("name")] = attrs.get("content")
        else:
            self.open.append(tag)
            if tag in ("td", "th"):
                self.cells.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("td", "th"):
            self.cells[-1] += data


def test_html_is_well_formed_and_self_contained(written):
    checker = Checker()
    text = (written / "t.html").read_text(encoding="utf-8")
    checker.feed(text)
    assert not checker.open and not checker.links and "url(" not in text
    assert checker.meta["regspec:config_hash"] == "abc123" and checker.meta["regspec:data"] == "synthetic"
    # Three spanning heads, four column heads, three rows of four cells.
    assert len(checker.cells) == 3 + 4 + 12
    assert checker.cells[7:11] == ["Share & level_1", "0.123", "722", "−0.233*"]
    assert "Cap_tion (synthetic data)" in text and "50% &lt;b&gt;" in text


def test_csv_keeps_all_digits_and_its_stamp(written):
    text = (written / "t.csv").read_text(encoding="utf-8")
    assert text.startswith("# code_version: 0.1+x\n# config_hash: abc123\n# data: synthetic\n")
    back = tables.read_csv(written / "t.csv")
    assert list(back.columns) == ["Term", "income Mean", "income N", "employment Slope"]
    np.testing.assert_array_equal(back["income Mean"], FRAME["income", "Mean"])
    pd.testing.assert_frame_equal(back, pd.read_csv(written / "t.csv", comment="#"))


def test_csv_may_hold_other_numbers_than_the_printed_table(tmp_path):
    data = pd.DataFrame({"x": [1 / 3]})
    plain(tmp_path).table(name="t", body=pd.DataFrame({"x": ["a third"]}), caption="c", notes="", data=data)
    assert tables.read_csv(tmp_path / "t.csv").at[0, "x"] == 1 / 3
    assert "a third" in (tmp_path / "t.html").read_text(encoding="utf-8")
    assert "minipage" not in (tmp_path / "t.tex").read_text(encoding="utf-8")
    plain(tmp_path).csv(name="alone", frame=data)
    assert "# data: empirical" in (tmp_path / "alone.csv").read_text(encoding="utf-8")


def test_a_named_index_is_printed_and_formats_go_by_column(tmp_path):
    frame = pd.DataFrame({"a": [1.5], "b": [2.5]}, index=pd.Index([100], name="zone"))
    plain(tmp_path).table(name="t", body=frame, caption="c", notes="n", float_format={"a": "%.1f"})
    assert r"100 & 1.5 & 2.500 \\" in (tmp_path / "t.tex").read_text(encoding="utf-8")
    assert list(tables.read_csv(tmp_path / "t.csv").columns) == ["zone", "a", "b"]


def test_an_empty_table_is_an_error(tmp_path):
    with pytest.raises(DataError, match="table t: no rows"):
        plain(tmp_path).table(name="t", body=pd.DataFrame({"a": []}), caption="c", notes="n")
    assert not list(tmp_path.iterdir())


def test_breaks_are_where_a_column_changes():
    frame = pd.DataFrame({"a": ["x", "x", "y", "y", "x"], "b": [1, 1, 1, 2, 2], "c": range(5)})
    assert tables.breaks(frame, ["a", "b"]) == [2, 3, 4]
    assert tables.breaks(frame, ["b"]) == [3]
    assert tables.breaks(frame.iloc[:1], ["a"]) == []


def test_the_house_style_ends_with_the_figure_and_holds_for_what_is_drawn_on_it(tmp_path):
    before = dict(matplotlib.rcParams)
    with plain(tmp_path).figure(name="x") as (drawn, ax):
        ax.plot([0, 1], label="line")
        assert ax.legend().get_texts()[0].get_fontname() == figures.STYLE["font.family"]
        assert drawn.get_figwidth() == figures.WIDTHS["single"]
    assert dict(matplotlib.rcParams) == before
    assert {path.name for path in tmp_path.iterdir()} == {"x.pdf", "x.png"}


def test_a_figure_that_fails_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="no data"), plain(tmp_path).figure(name="x"):
        raise ValueError("no data")
    assert not list(tmp_path.iterdir())


def test_the_writer_stamps_every_file_and_names_the_source_below_tables(tmp_path):
    writer = ExhibitWriter(tmp_path, STAMP, True, "Made up")
    writer.table(name="t", body=FRAME, caption="c", notes="A note.")
    writer.csv(name="alone", frame=FRAME)
    with writer.figure(name="f") as (_, ax):
        ax.plot([0, 1])
    assert "A note. Source: Made up." in (tmp_path / "t.html").read_text(encoding="utf-8")
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert b"abc123" in content and b"synthetic" in content, path
