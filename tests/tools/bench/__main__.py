"""Benchmark (``make bench``): each row compares two measurements taken in turn in the same run.

Needs the MNIST files (``MNISTCLI_DATA_DIR``). ``--quick`` takes about two minutes.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mnistcli import datasets
from tests.tools.bench import ordinary_images

HERE = Path(__file__).parent
MNISTCLI = Path(sys.executable).with_name("mnistcli")
BARE_TYPER = """
import typer
app = typer.Typer()
@app.command()
def hello(name: str = "you") -> None:
    "Say hello."
    print(name)
app()
"""


@dataclass
class Cost:
    """Wall time in seconds and peak memory in MB of a command."""

    seconds: float
    megabytes: float


def run(*command: object) -> str:
    """Run a command and return its standard output."""
    arguments = [str(part) for part in command]
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def cost(*command: object) -> Cost:
    """Measure a command."""
    return Cost(**json.loads(run(sys.executable, HERE / "cost.py", *command)))


class Bench:
    """The measurements, printed as rows of a table."""

    def __init__(self, data: Path, folder: Path, *, quick: bool) -> None:
        self.data, self.folder, self.quick = data, folder, quick
        self.runs = 0
        self.line("measurement", "mnistcli", "comparison", "ratio", "from", "to")

    def line(self, what: str, *cells: str) -> None:
        """Print one row of the table as soon as it is measured."""
        print(f"{what:<54}" + "".join(f"{cell:>13}" for cell in cells), flush=True)

    def row(
        self, what: str, unit: str, pairs: list[tuple[float, float]], *, inverse: bool = False
    ) -> None:
        """Add a row: medians of both sides, and the median and range of the ratios."""
        ratios = [theirs / ours if inverse else ours / theirs for ours, theirs in pairs]
        ours, theirs = (statistics.median(side) for side in zip(*pairs, strict=True))
        shown = [f"{value:.2f}" for value in (statistics.median(ratios), min(ratios), max(ratios))]
        self.line(what, f"{ours:,.2f} {unit}", f"{theirs:,.2f} {unit}", *shown)

    def in_turn(
        self, ours: Callable[[], float], theirs: Callable[[], float], repeats: int
    ) -> list[tuple[float, float]]:
        """Measure both sides in turn."""
        return [(ours(), theirs()) for _ in range(repeats)]

    def train(self, recipe: str, *options: object) -> Path:
        """Train with mnistcli and return the run directory."""
        self.runs += 1
        path = self.folder / f"run{self.runs}"
        options = (*options, "--data-dir", self.data, "--run-dir", path)
        run(MNISTCLI, "train", "--recipe", recipe, *options)
        return path

    def plain(self, recipe: str, epochs: int, limit: int) -> dict[str, list[float]]:
        """Train with the plain Keras script."""
        script = HERE / "plain_train.py"
        printed = run(sys.executable, script, recipe, self.data, epochs, limit)
        result: dict[str, list[float]] = json.loads(printed.splitlines()[-1])
        return result

    def epochs(self, recipe: str, limit: int) -> None:
        """Compare the time of one epoch; the first, which includes the tracing, is left out."""

        def ours() -> float:
            path = self.train(recipe, "--epochs", 3, "--limit", limit)
            with (path / "history.csv").open() as stream:
                seconds = [float(row["seconds"]) for row in csv.DictReader(stream)]
            return statistics.median(seconds[1:])

        def theirs() -> float:
            return statistics.median(self.plain(recipe, 3, limit)["seconds"][1:])

        pairs = self.in_turn(ours, theirs, 1 if self.quick else 3)
        self.row(f"epoch of {recipe}, {limit:,} images / plain Keras script", "s", pairs)

    def to_99_percent(self) -> None:
        """Compare the training time of `fast` with plain `deep` until it first passes 99 %."""

        def ours() -> float:
            metrics = json.loads((self.train("fast") / "metrics.json").read_text())
            return float(metrics["seconds"])

        def theirs() -> float:
            result = self.plain("deep", 6, 60_000)
            passed = next(i for i, value in enumerate(result["accuracies"]) if value >= 0.99)
            return sum(result["seconds"][: passed + 1])

        pairs = self.in_turn(ours, theirs, 3)
        self.row("plain deep until 99 % / training of fast", "s", pairs, inverse=True)

    def one_image(self, model: Path) -> None:
        """Compare a whole `predict` process for one image with Keras."""
        path = self.folder / "digit.png"
        image = datasets.load("mnist", data_dir=self.data).test.images[0]
        Image.fromarray(image).save(path)
        ours = (MNISTCLI, "predict", path, "--model", model)
        plain = (sys.executable, HERE / "plain_predict.py", model, path)
        costs = [(cost(*ours), cost(*plain)) for _ in range(3 if self.quick else 7)]
        seconds = [(one.seconds, other.seconds) for one, other in costs]
        memory = [(one.megabytes, other.megabytes) for one, other in costs]
        self.row("one image with Keras / predict, time", "s", seconds, inverse=True)
        self.row("one image with Keras / predict, peak memory", "MB", memory, inverse=True)

    def many_images(self, model: Path) -> None:
        """Predict 10,000 images, and measure the growth of time and memory from 100 images."""
        images = datasets.load("mnist", data_dir=self.data).test.images
        for count in (100, 10_000):
            (self.folder / f"{count}").mkdir()
            for number, image in enumerate(images[:count]):
                Image.fromarray(image).save(self.folder / f"{count}" / f"{number:05}.png")
        many, few = (
            (MNISTCLI, "predict", self.folder / f"{count}", "--model", model)
            for count in (10_000, 100)
        )
        costs = [(cost(*many), cost(*few)) for _ in range(2 if self.quick else 5)]
        speeds = [
            (10_000 / one.seconds, 9_900 / (one.seconds - other.seconds)) for one, other in costs
        ]
        self.row("10,000 images: images/s, with / without start-up", "", speeds)
        seconds = [(one.seconds, other.seconds) for one, other in costs]
        self.row("10,000 / 100 images, time", "s", seconds)
        memory = [(one.megabytes, other.megabytes) for one, other in costs]
        self.row("10,000 / 100 images, peak memory", "MB", memory)

    def ordinary_images(self) -> None:
        """Predict drawings, scans and photos with the packaged model; report CPU time per stage."""
        test = datasets.load("mnist", data_dir=self.data).test
        for kind, count in ordinary_images.KINDS.items():
            folder = self.folder / kind.replace(" ", "_")
            many = count // 10 if self.quick else count
            some = max(1, many // 10)
            ordinary_images.make_images(test, folder, kind, many)
            few = folder.with_name(folder.name + "_few")
            ordinary_images.make_images(test, few, kind, some)
            speeds = []
            for _ in range(1 if self.quick else 3):
                seconds, start = (
                    cost(MNISTCLI, "predict", images, "--model", "pretrained").seconds
                    for images in (folder, few)
                )
                speeds.append((many / seconds, (many - some) / (seconds - start)))
            self.row(f"{kind}: images/s, with / without start-up", "", speeds)
            for stage, milliseconds in ordinary_images.stage_times(folder).items():
                self.line(f"  CPU time, {stage}", f"{milliseconds:.1f} ms")

    def cluster(self) -> None:
        """Compare `predict --cluster local:2` with `predict` in one process."""
        train = datasets.load("mnist", data_dir=self.data).train
        for kind, count in {"84x84 drawings": 20_000, "12-megapixel photos": 50}.items():
            images = count // 20 if self.quick else count
            folder = self.folder / f"cluster_{images}"
            ordinary_images.make_images(train, folder, kind, images)
            output = self.folder / "out.jsonl"
            command = (MNISTCLI, "predict", folder, "--model", "pretrained", "--output", output)

            pairs = [
                (
                    images / cost(*command, "--cluster", "local:2").seconds,
                    images / cost(*command).seconds,
                )
                for _ in range(1 if self.quick else 3)
            ]
            self.row(f"{images:,} {kind}: --cluster local:2 / one process", "images/s", pairs)

    def help(self) -> None:
        """Compare the whole ``--help`` process with a bare Typer program."""
        bare = (sys.executable, "-c", BARE_TYPER, "--help")
        pairs = self.in_turn(
            lambda: cost(MNISTCLI, "--help").seconds,
            lambda: cost(*bare).seconds,
            5 if self.quick else 21,
        )
        self.row("--help / bare Typer program", "s", pairs)


def main() -> None:
    """Run all measurements and print the table."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer images and repeats")
    quick = parser.parse_args().quick
    if "MNISTCLI_DATA_DIR" not in os.environ:
        sys.exit("make bench needs the MNIST files: MNISTCLI_DATA_DIR=DIR make bench")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(os.environ["MNISTCLI_DATA_DIR"]).resolve(), Path(folder), quick=quick)
        bench.help()
        model = bench.train("classic", "--epochs", 1, "--limit", 2000) / "model.keras"
        bench.one_image(model)
        bench.many_images(model)
        bench.ordinary_images()
        bench.cluster()
        for recipe in () if quick else ("sgd", "classic"):
            bench.epochs(recipe, 60_000)
        bench.epochs("deep", 12_000 if quick else 60_000)
        bench.epochs("accurate", 3_000 if quick else 12_000)
        if not quick:
            bench.to_99_percent()


if __name__ == "__main__":
    main()
