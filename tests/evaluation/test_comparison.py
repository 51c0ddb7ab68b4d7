"""Comparison of models: McNemar's exact test, and Holm's correction for multiple comparisons."""

from math import comb

import numpy as np
import pytest

from mnistcli.evaluation import Evaluation, evaluate_probabilities
from mnistcli.evaluation.comparison import compare_pairs, mcnemar

LABELS = np.arange(40) % 10


def evaluate_with_mistakes(*mistakes: range) -> Evaluation:
    """Return the evaluation of a model that is wrong on some of 40 images."""
    predicted = LABELS.copy()
    for indices in mistakes:
        predicted[list(indices)] = (predicted[list(indices)] + 1) % 10
    return evaluate_probabilities(LABELS, np.eye(10, dtype=np.float32)[predicted])


@pytest.mark.parametrize(("first", "second"), [(1, 9), (0, 6), (12, 28), (700, 640)])
def test_the_p_value_is_that_of_the_binomial_distribution(first: int, second: int) -> None:
    total = first + second
    tail = sum(comb(total, k) for k in range(min(first, second) + 1))

    assert mcnemar(first, second) == pytest.approx(2 * tail / 2**total, rel=1e-9)
    assert mcnemar(second, first) == mcnemar(first, second)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_equal_models_differ_by_chance(count: int) -> None:
    assert mcnemar(count, count) == pytest.approx(1)


def test_images_that_only_one_model_predicts_are_counted() -> None:
    (test,) = compare_pairs(
        [evaluate_with_mistakes(range(5)), evaluate_with_mistakes(range(3, 20))]
    )

    # Both are wrong on images 3 and 4, the first one on 0 to 2, the second one on 5 to 19.
    assert (test.only_first_right, test.only_second_right) == (15, 3)
    assert test.p_value == test.adjusted_p_value == mcnemar(15, 3)
    assert test.better == test.first == 0


def test_no_model_is_better_by_chance() -> None:
    (test,) = compare_pairs([evaluate_with_mistakes(range(5)), evaluate_with_mistakes()])

    assert test.p_value == pytest.approx(0.0625)
    assert test.better is None


def test_several_pairs_are_corrected_by_holms_method() -> None:
    first, second, third = (evaluate_with_mistakes(range(end)) for end in (0, 8, 14))

    tests = compare_pairs([first, second, third])

    assert [(test.first, test.second) for test in tests] == [(0, 1), (0, 2), (1, 2)]
    p_values = [mcnemar(8, 0), mcnemar(14, 0), mcnemar(6, 0)]
    assert [test.p_value for test in tests] == p_values
    adjusted = [2 * p_values[0], 3 * p_values[1], p_values[2]]
    assert [test.adjusted_p_value for test in tests] == pytest.approx(adjusted)


def test_an_adjusted_p_value_is_not_below_that_of_a_smaller_one() -> None:
    # p-values 0.125, 0.125 and 1: the second is not multiplied by 2 but kept at three times.
    first, second = evaluate_with_mistakes(), evaluate_with_mistakes(range(4))

    tests = compare_pairs([first, second, second])

    assert [test.adjusted_p_value for test in tests] == pytest.approx([0.375, 0.375, 1])
