"""Pictures and the page: whole XML, readable without sight or colours, escaped, and nothing lies on anything."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser

from authshield.evaluate import outcome
from authshield.evaluate.detectors import BASELINES
from authshield.evaluate.outcome import FIGURES, PAGE, Outcome
from authshield.evaluate.svg import BOTTOM, HEIGHT, Axis, Line, Plot, _apart, decades, shares, stretched
from authshield.evaluate.words import amount, minutes, percent
from authshield.replay.reader import ReplayError
from tests.evaluate.evaluating import evaluate, world

SVG = "{http://www.w3.org/2000/svg}"
ALL = ["detection", "frontier", "roc", "value"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, valkey_server: object) -> Outcome:
    """One evaluation of everything for all tests here; a campaign's name would like to be markup."""
    del valkey_server
    lines = [
        line | ({"campaign": "<script>alert(1)</script>-1"} if line.get("campaign") else {})
        for line in world()
    ]
    return evaluate(tmp_path_factory.mktemp("pictures"), lines, baselines=BASELINES)


def _texts(root: ET.Element) -> Iterator[str]:
    return (element.text or "" for element in root.iter(f"{SVG}text"))


def test_there_are_four_pictures_that_tell_what_they_show(found: Outcome) -> None:
    """Each has a title and a description with figures, and names both of its axes."""
    assert sorted(found.pictures) == ALL
    for name, svg in found.pictures.items():
        root = ET.fromstring(svg)  # noqa: S314 - our own
        named = root.attrib["aria-labelledby"].split()
        assert root.attrib["role"] == "img"
        assert (
            [element.attrib["id"] for element in (root[0], root[1])]
            == named
            == [f"{name}-title", f"{name}-desc"]
        )
        assert all(root[place].text for place in (0, 1))
        assert "prefers-color-scheme:dark" in svg
        assert "<script" not in svg
        assert any("logarithmic" in text for text in _texts(root))


def test_every_line_has_its_name_beside_it(found: Outcome) -> None:
    """Nobody has to tell colours apart; dashes differ too."""
    root = ET.fromstring(found.pictures["roc"])  # noqa: S314 - our own
    assert {"static rules", "Freeman/Wiefling", "isolation forest", "ours"} <= set(_texts(root))
    dashes = [line.attrib["stroke-dasharray"] for line in root.iter(f"{SVG}polyline")]
    assert len(dashes) == len(set(dashes)) == 6


def test_no_name_lies_on_another_nor_outside(found: Outcome) -> None:
    """Seventeen units apart, within the plot."""
    for svg in found.pictures.values():
        root = ET.fromstring(svg)  # noqa: S314 - our own
        names = [element for element in root.iter(f"{SVG}text") if float(element.attrib["x"]) > 546]
        places = sorted(float(element.attrib["y"]) for element in names)
        assert all(b - a > 12 for a, b in pairwise(places))
        assert all(float(element.attrib["x"]) + 6.6 * len(element.text or "") < 760 for element in names)


@given(st.lists(st.floats(26, HEIGHT - BOTTOM), max_size=12).map(sorted))
def test_names_are_moved_apart_in_their_order(places: list[float]) -> None:
    """None overlap, none sinks below the axis."""
    found = _apart(places, HEIGHT - BOTTOM)
    assert all(b - a >= 17 - 1e-6 for a, b in pairwise(found))
    assert all(place <= HEIGHT - BOTTOM + 1e-6 for place in found)


@given(st.floats(0, 1), st.floats(0, 1))
def test_every_axis_keeps_the_order(one: float, other: float) -> None:
    """From 0 to 1, whatever comes in."""
    for axis in (shares("y"), stretched("y"), decades("x", 1e-4, 1.0), Axis("x", 0, 0.5, [])):
        low, high = axis.place(min(one, other)), axis.place(max(one, other))
        assert 0 <= low <= high <= 1


def test_names_are_escaped() -> None:
    """A file's words stay words."""
    plot = Plot("p", "<b>", "&", shares("x <"), shares("y"))
    plot.lines([Line("<i>", [(0, 0), (1, 1)], 0)])
    plot.dot(0.5, 0.5, 1, "<u>")
    plot.words(1, 1, "<s>")
    root = ET.fromstring(plot.text())  # noqa: S314 - our own
    assert {"<i>", "<s>", "x <"} <= set(_texts(root))


def test_everything_is_written_or_nothing(found: Outcome, tmp_path: Path) -> None:
    """The page, the figures and the pictures; a folder that cannot be made is named."""
    outcome.write(found, tmp_path / "out")
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted([PAGE, FIGURES, *(f"{name}.svg" for name in ALL)])
    (tmp_path / "file").write_text("")
    with pytest.raises(ReplayError, match="cannot make the folder"):
        outcome.write(found, tmp_path / "file" / "out")


def test_the_page_stands_alone(found: Outcome, tmp_path: Path) -> None:
    """No scripts, nothing fetched; the figures that matter are on top."""
    outcome.write(found, tmp_path)
    text = (tmp_path / PAGE).read_text()
    assert "<script" not in text
    assert "src=" not in text
    assert "href=" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert text.count("<svg") == 4
    assert "<strong>50.0 %</strong>" in text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 375])
def test_the_page_fits_any_screen(
    found: Outcome, tmp_path: Path, browser: Browser, *, width: int, scheme: str
) -> None:
    """Nothing makes the page itself wider than the screen; wide tables scroll by themselves."""
    outcome.write(found, tmp_path)
    context = browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page = context.new_page()
    page.goto((tmp_path / PAGE).as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == ("rgb(20, 24, 29)" if scheme == "dark" else "rgb(255, 255, 255)")
    drawn = page.evaluate("getComputedStyle(document.querySelector('.plot .paper')).fill")
    assert drawn == paper
    context.close()


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "-"),
        (0, "0 %"),
        (1, "100 %"),
        (0.5, "50.0 %"),
        (0.0123, "1.2 %"),
        (0.0012, "0.12 %"),
        (0.000012, "0.001 %"),
        (0.000001, "< 0.001 %"),
        (0.9999, "99.99 %"),
        (0.9999999, "> 99.999 %"),
    ],
)
def test_a_share_has_the_digits_that_tell_it_from_none_and_all(share: float | None, words: str) -> None:
    """99.97 % is not 100 %."""
    assert percent(share) == words


def test_amounts_and_durations_are_short() -> None:
    """With their unit."""
    assert amount(148_100_000_000, "JPY") == "148.1 bn JPY"
    assert amount(999_999, "JPY") == "999,999 JPY"
    assert [minutes(value) for value in (None, 0.5, 10, 600, 6000)] == [
        "-",
        "30 s",
        "10.0 min",
        "10.0 h",
        "4.2 d",
    ]
