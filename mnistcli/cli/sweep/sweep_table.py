"""Table of a sweep: ended trials and, as a live display on a terminal, the running trials."""

from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Group
from rich.live import Live
from rich.text import Text

from mnistcli.cli.hints import complete_hint, quote_argument
from mnistcli.cli.setting_options import value_text
from mnistcli.cli.streams import err, is_animated, print_note, print_progress_line
from mnistcli.formatting import format_row, percent

if TYPE_CHECKING:  # these modules load Optuna, which help and errors do without
    from mnistcli.sweep.study import SweepPlan, TrialSummary

_HEADER = ("trial", "validation", "epochs", "state", "settings")
_WIDTHS = (5, 10, 6, 8, 0)
_FINAL_STATES = ("complete", "pruned", "failed")
_MAX_RUNNING = 16


class SweepTable:
    """Shows the trials of a sweep on stderr.

    Args:
        plan: The sweep.
        as_json: Whether stdout is for JSON.
    """

    def __init__(self, plan: "SweepPlan", *, as_json: bool) -> None:
        self._plan = plan
        self._as_json = as_json
        self._printed: set[int] = set()
        self._live: Live | None = None
        if is_animated():
            self._live = Live(console=err, transient=True, redirect_stdout=False)

    def __enter__(self) -> Self:
        names = ", ".join(variation.name for variation in self._plan.space.variations)
        print_note(
            f"sweep over {names}: {self._plan.trials} trials of {self._plan.space.base.recipe} on "
            f"{self._plan.space.base.dataset}; saving to {self._plan.storage.directory}"
        )
        print_progress_line(format_row(_HEADER, _WIDTHS))
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.update(Text(""))
            self._live.stop()
        if kind in {KeyboardInterrupt, SystemExit}:
            directory = quote_argument(str(self._plan.storage.directory))
            print_note(f"continue with: {complete_hint(f'--run-dir {directory}')}")

    def update(self, trials: "Sequence[TrialSummary]") -> None:
        """Print the trials that have ended since the last call, and show those that run."""
        for trial in trials:
            if trial.state in _FINAL_STATES and trial.number not in self._printed:
                self._printed.add(trial.number)
                print_progress_line(_row(trial))
        if self._live is not None:
            running = [trial for trial in trials if trial.state == "running"]
            lines = [_row(trial) for trial in running[:_MAX_RUNNING]]
            text = [Text(line, no_wrap=True, overflow="ellipsis") for line in lines]
            self._live.update(Group(*text, Text(self._status(trials), style="dim")))

    def _status(self, trials: "Sequence[TrialSummary]") -> str:
        ended = sum(trial.has_ended for trial in trials)
        best = max((trial.value for trial in trials if trial.value is not None), default=None)
        text = f"{ended} of {self._plan.trials} trials ended"
        return text if best is None else f"{text}, best {percent(best)}"


def _row(trial: "TrialSummary") -> str:
    settings = " ".join(f"{name}={value_text(value)}" for name, value in trial.params.items())
    accuracy = "-" if trial.accuracy is None else percent(trial.accuracy)
    cells = (str(trial.number), accuracy, str(len(trial.accuracies)), trial.state)
    reason = f" ({trial.error})" if trial.error else ""
    return format_row((*cells, settings + reason), _WIDTHS)
