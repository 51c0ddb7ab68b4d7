"""End-to-end tests of the drawing page in a real browser: mouse, touch, keyboard, dark mode."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.drawing_page.conftest import COMMAND
from tests.support.browser import browser, draw_on, wait_for_prediction
from tests.support.strokes import draw_digit

pytest.importorskip("playwright.sync_api", reason="needs playwright")
pytest.importorskip("uvicorn", reason="needs the extra draw")
from mnistcli.drawing_page.server import listen, serve, url_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page
    from starlette.applications import Starlette

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"}
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "has_touch": True,
    "is_mobile": True,
}
NOTHING = "\N{EN DASH}"
CARD_COLORS = {"light": "rgb(255, 255, 255)", "dark": "rgb(26, 28, 31)"}


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def url(app: "Starlette") -> Iterator[str]:
    listener = listen(0)
    with serve(app, listener):
        yield url_of(listener)


@pytest.fixture(scope="module")
def desktop(chromium: "Browser", url: str) -> Iterator["Page"]:
    yield from _open(chromium, url, DESKTOP)


@pytest.fixture(scope="module")
def phone(chromium: "Browser", url: str) -> Iterator["Page"]:
    yield from _open(chromium, url, PHONE)


def _open(chromium: "Browser", url: str, device: dict[str, Any]) -> Iterator["Page"]:
    context = chromium.new_context(**device)
    page = context.new_page()
    problems: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(url)
    yield page
    context.close()
    # The tests themselves read canvases often, and cut a connection.
    expected = ("Canvas2D: Multiple readback", "Failed to load resource: net::ERR_FAILED")
    assert [problem for problem in problems if not problem.startswith(expected)] == []
    assert [address for address in requests if not address.startswith((url, "data:"))] == []


def text(page: "Page", selector: str) -> str:
    return page.locator(selector).inner_text()


def is_blank(page: "Page", selector: str) -> bool:
    """Return whether a canvas has one color only."""
    source = "c => new Set(c.getContext('2d').getImageData(0, 0, 28, 28).data).size <= 2"
    return bool(page.locator(selector).evaluate(source))


def card_color(page: "Page") -> str:
    return str(page.locator("#drawing").evaluate("c => getComputedStyle(c).backgroundColor"))


def test_a_digit_is_predicted_while_it_is_drawn(desktop: "Page") -> None:
    desktop.reload()
    assert is_blank(desktop, "#input")
    draw_on(desktop, 3)
    desktop.wait_for_selector("#map[aria-busy=false]")

    assert text(desktop, "#text") == "3"
    assert float(text(desktop, "#confidence").removesuffix(" %")) > 90
    bars = desktop.locator("#bars .bar").all_inner_texts()
    values = [float(bar.split()[1]) for bar in bars]
    assert (len(bars), values.index(max(values))) == (10, 3)
    assert not is_blank(desktop, "#input")
    assert desktop.locator("#map").evaluate(
        "c => [...c.getContext('2d').getImageData(0, 0, 28, 28).data].some("
        "(_, i, d) => i % 4 === 0 && d[i] > d[i + 2] + 40)"  # orange where it looks
    )


def test_undo_and_clear_take_back_strokes(desktop: "Page") -> None:
    desktop.reload()
    draw_on(desktop, 7)
    desktop.locator("#clear").click()
    wait_for_prediction(desktop)
    assert text(desktop, "#text") == NOTHING
    assert desktop.locator("#placeholder").is_visible()
    desktop.keyboard.press("Control+z")
    wait_for_prediction(desktop)
    assert text(desktop, "#text") == "7"
    desktop.locator("#undo").click()
    wait_for_prediction(desktop)
    assert text(desktop, "#text") == NOTHING
    assert desktop.locator("#undo").is_disabled()


def test_several_digits_are_read_as_a_number(desktop: "Page") -> None:
    desktop.reload()
    draw_on(desktop, 4, 7)
    assert text(desktop, "#text") == "47"

    desktop.locator("#digits button").nth(1).click()
    best = desktop.locator("#bars .best").inner_text()
    assert best.startswith("7")


def test_a_wrong_prediction_is_stored_with_its_label(
    desktop: "Page", corrections_dir: Path
) -> None:
    desktop.reload()
    draw_on(desktop, 1)
    desktop.locator("#labels button").nth(7).click()

    assert desktop.locator("#stored code").inner_text() == COMMAND
    (stored,) = corrections_dir.glob("7/*.png")
    assert str(stored) in text(desktop, "#stored")
    stored.unlink()


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_an_image_is_dropped_or_pasted(desktop: "Page", event: str) -> None:
    desktop.reload()
    draw_digit(4).save("four.png")
    data = list(Path("four.png").read_bytes())
    desktop.evaluate(
        """([event, data]) => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(data)], "four.png", {type: "image/png"}));
            document.dispatchEvent(event === "drop"
                ? new DragEvent("drop", {dataTransfer: transfer})
                : new ClipboardEvent("paste", {clipboardData: transfer}));
        }""",
        [event, data],
    )

    desktop.wait_for_selector("#text:text-is('4')")


def test_a_large_file_is_not_sent(desktop: "Page") -> None:
    desktop.reload()
    desktop.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(21 * 2 ** 20)], "large.heic"));
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: transfer}));
        }"""
    )
    desktop.wait_for_selector("#note.warning")

    assert text(desktop, "#note") == "An image has at most 20 MiB."


def test_the_theme_is_chosen_and_kept(desktop: "Page") -> None:
    assert card_color(desktop) == CARD_COLORS["light"]
    desktop.locator("#theme").click()
    desktop.reload()
    assert card_color(desktop) == CARD_COLORS["dark"]


def test_the_keyboard_alone_draws_corrects_and_clears(
    desktop: "Page", corrections_dir: Path
) -> None:
    desktop.reload()
    keyboard = desktop.keyboard
    while desktop.evaluate("document.activeElement.id") != "canvas":
        keyboard.press("Tab")
    for _ in range(9):
        keyboard.press("ArrowUp")
    for _ in range(5):
        keyboard.press("ArrowLeft")
    keyboard.press("Space")
    for _ in range(11):
        keyboard.press("ArrowRight")
    for _ in range(9):
        keyboard.down("ArrowDown")
        keyboard.press("ArrowDown")
        keyboard.press("ArrowLeft")
        keyboard.up("ArrowDown")
    keyboard.press("Space")
    wait_for_prediction(desktop)

    assert text(desktop, "#text") == "7"
    while desktop.evaluate("document.activeElement.textContent.trim()") != "2":
        keyboard.press("Tab")
    keyboard.press("Enter")
    desktop.wait_for_selector("#stored code")
    for stored in corrections_dir.glob("2/*.png"):
        stored.unlink()
    desktop.locator("#canvas").focus()
    keyboard.press("Delete")
    wait_for_prediction(desktop)
    assert text(desktop, "#text") == NOTHING


def test_a_phone_shows_all_without_scrolling_sideways(phone: "Page") -> None:
    assert card_color(phone) == CARD_COLORS["dark"]
    draw_on(phone, 8)

    assert text(phone, "#text") == "8"
    assert phone.evaluate("document.documentElement.scrollWidth") == 390
    heights = phone.locator("button:visible").evaluate_all("all => all.map(b => b.offsetHeight)")
    assert min(heights) >= 40  # for fingers
    box = phone.locator("#text").bounding_box()
    assert box is not None
    assert box["y"] + box["height"] <= 844  # visible while drawing


def test_a_server_that_has_ended_is_named(phone: "Page") -> None:
    phone.route("**/predict", lambda route: route.abort())
    phone.reload()
    phone.locator("#canvas").tap()
    phone.wait_for_selector("#note.warning")

    assert text(phone, "#note") == "The server does not answer. Is mnistcli draw still running?"
