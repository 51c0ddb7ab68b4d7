"""Plot of the confusion matrix: counts, colors, rates, and the ticks of the color bars."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mnistcli.plotting.confusion import CELL, HEAD, LEFT, plot_confusion
from tests.plotting.builders import array_of, axes_of, footer, subtitle, texts, title

Check = Callable[[Figure], None]


def make_matrix(mistakes: Sequence[tuple[int, int, int]] = ()) -> NDArray[np.int64]:
    """Return a matrix with 100 to 109 correct predictions and these (true, predicted, count)."""
    matrix = np.diag(np.arange(100, 110))
    for true, predicted, count in mistakes:
        matrix[true, predicted] += count
    return matrix


def plot(matrix: NDArray[np.int64]) -> Figure:
    return plot_confusion(matrix, model_name="runs/a", dataset_name="mnist")


def counts(figure: Figure) -> dict[tuple[int, int], str]:
    """Return the text in the cells of the matrix by row and column."""
    found = {}
    for text in axes_of(figure).texts:
        column = (text.get_position()[0] - LEFT) / CELL
        row = (text.get_position()[1] - HEAD) / CELL
        if 0 <= row < 10 and 0 <= column < 10:
            found[int(row), int(column)] = text.get_text()
    return found


def ticks(figure: Figure) -> list[str]:
    """Return the ticks of the color bars, from top to bottom."""
    left = LEFT + 11 * CELL
    return [
        text.get_text()
        for text in axes_of(figure).texts
        if text.get_position()[0] > left and text.get_text().endswith(" %")
    ]


def test_counts_rates_and_colors(assert_legible: Check) -> None:
    matrix = make_matrix([(4, 9, 7), (5, 3, 1)])
    figure = plot(matrix)

    assert title(figure) == "Confusion matrix: 99.24 % of 1,053 digits correct"
    assert subtitle(figure) == "Most common of 8 mistakes: 4 predicted as 9, 7 times"
    assert footer(figure) == "model: runs/a, dataset: mnist, 1,053 images"
    assert counts(figure) == {
        (row, column): str(matrix[row, column]) for row, column in np.argwhere(matrix).tolist()
    }
    # Cells without a count are white, a single mistake is not; correct is blue, wrong is orange.
    colors = array_of(axes_of(figure).images[0])
    assert (colors[matrix == 0] == 1).all()
    red, _, blue = colors[5, 3]
    assert red > blue + 0.1
    assert colors[4, 9].sum() < colors[5, 3].sum()
    assert all(blue > red + 0.1 for red, _, blue in colors[np.eye(10, dtype=bool)])
    expected = {"recall", "precision", "true digit", "predicted digit", "93.7 %", "94.0 %"}
    assert expected < set(texts(figure))
    assert_legible(figure)


def test_a_matrix_without_mistakes_is_drawn(assert_legible: Check) -> None:
    figure = plot(make_matrix())

    assert title(figure) == "Confusion matrix: 100 % of 1,045 digits correct"
    assert subtitle(figure) == "No mistakes"
    assert texts(figure).count("100 %") == 21  # recall, precision and the end of the one color bar
    assert not any("misclassified" in text for text in texts(figure))
    assert_legible(figure)


def test_the_subtitle_names_the_most_common_mistake() -> None:
    figure = plot(make_matrix([(4, 9, 1)]))
    assert subtitle(figure) == "The only mistake: 4 predicted as 9"

    figure = plot(make_matrix([(4, 9, 1), (9, 4, 1)]))
    both = "4 predicted as 9 and 9 predicted as 4"
    assert subtitle(figure) == f"Most common of 2 mistakes: {both}, once each"

    figure = plot(make_matrix([(4, 9, 2), (9, 4, 2), (1, 7, 2)]))
    assert (
        subtitle(figure) == "Most common of 6 mistakes: 1 predicted as 7 and 2 others, 2 times each"
    )


def test_digits_that_do_not_occur_have_a_dash_for_their_scores(assert_legible: Check) -> None:
    matrix = np.zeros((10, 10), np.int64)
    matrix[4, 9] = 1
    figure = plot(matrix)

    assert title(figure) == "Confusion matrix: 0 % of 1 digit correct"
    # Only the 4 has a recall, only the 9 has a precision.
    assert texts(figure).count("\N{EN DASH}") == 18
    assert_legible(figure)
    assert_legible(plot(np.zeros((10, 10), np.int64)))


@pytest.mark.parametrize("factor", [9, 90, 9000])
def test_large_counts_fit_their_cells(factor: int, assert_legible: Check) -> None:
    mistakes = [(row, column, 100) for row in range(10) for column in range(10)]
    figure = plot(make_matrix(mistakes) * factor)

    figure.draw_without_rendering()
    widest = max(
        text.get_window_extent().width
        for text in axes_of(figure).texts
        if text.get_text().replace(",", "").isdigit()
    )
    assert widest < CELL * figure.dpi
    assert_legible(figure)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (0, ["100 %", "98 %", "96 %", "94 %", "92 %", "90 %"]),
        (7, ["100 %", "98 %", "96 %", "94 %", "92 %", "90 %"]),
        (250, ["100 %", "95 %", "90 %", "85 %", "80 %", "75 %", "70 %"]),
        (900, ["100 %", "80 %", "60 %", "40 %", "20 %"]),
    ],
)
def test_the_color_bar_of_correct_predictions_has_round_ticks(
    wrong: int, expected: list[str], assert_legible: Check
) -> None:
    matrix = np.diag(np.full(10, 1000))
    matrix[4, 4] -= wrong
    matrix[4, 9] = wrong
    figure = plot(matrix)

    assert ticks(figure)[: len(expected)] == expected
    assert_legible(figure)


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (1, ["0.1 %", "0.05 %", "0.02 %", "0.01 %", "0.002 %", "0 %"]),
        (7, ["0.5 %", "0.2 %", "0.1 %", "0.05 %", "0.01 %", "0 %"]),
        (130, ["10 %", "5 %", "2 %", "1 %", "0.2 %", "0 %"]),
    ],
)
def test_the_color_bar_of_mistakes_is_a_square_root_scale_with_round_ticks(
    wrong: int, expected: list[str], assert_legible: Check
) -> None:
    matrix = np.diag(np.full(10, 1000))
    matrix[4, 4] -= wrong
    matrix[4, 9] = wrong
    figure = plot(matrix)

    assert ticks(figure)[-len(expected) :] == expected
    assert any("square-root scale" in text for text in texts(figure))
    assert_legible(figure)


def test_a_very_rare_mistake_has_a_color_bar(assert_legible: Check) -> None:
    matrix = np.diag(np.full(10, 10_000_000))
    matrix[0, 1] = 1

    assert_legible(plot(matrix))
