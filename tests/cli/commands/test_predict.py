"""``mnistcli predict``: output, streams and exit code; pipes that would hang, and Ctrl-C."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from mnistcli.cli import app
from mnistcli.cli.prediction import prediction_figures, prediction_run
from mnistcli.model_lookup import find_model
from tests.support.strokes import draw_digit


def predict(*arguments: object, stdin: bytes | None = None) -> Result:
    command = ["predict", *map(str, arguments)]
    return CliRunner().invoke(app, command, prog_name="mnistcli", input=stdin)


def fail(*arguments: object, stdin: bytes | None = None) -> tuple[int, list[str]]:
    """Run a command that must fail cleanly; return its exit code and its lines on stderr."""
    result = predict(*arguments, stdin=stdin)
    assert isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.stderr
    return result.exit_code, result.stderr.splitlines()


def paths(result: Result) -> list[str]:
    return [json.loads(line)["path"] for line in result.stdout.splitlines()]


def width(path: str) -> int:
    with Image.open(path) as figure:
        return figure.width


@pytest.fixture
def model(trained_run: Path, tmp_path: Path) -> Path:
    """A copy of the trained run that a test may write into; it is the default model."""
    return Path(shutil.copytree(trained_run, tmp_path / "runs" / "trained"))


@pytest.fixture
def image() -> Path:
    draw_digit(7).save("seven.png")
    return Path("seven.png")


def model_lines() -> list[str]:
    """The lines on stderr that name the default model and what it was not trained for."""
    return [
        f"model: {find_model().description}",
        "this model was not trained for photos; for photos and scans use --model pretrained",
    ]


def test_the_table_has_one_line_per_image(model: Path, digit_pngs: Path) -> None:
    images = [digit_pngs / f"{digit}.png" for digit in range(10)]

    result = predict(*images, "--top", 2)

    assert result.exit_code == 0
    assert result.stderr.splitlines() == model_lines()
    header, *lines = result.stdout.splitlines()
    assert header.split() == ["digits", "confidence", "runner-up", "image"]
    assert [line.split()[-1] for line in lines] == [str(path) for path in images]
    assert sum(line.startswith(str(digit)) for digit, line in enumerate(lines)) >= 9


def test_the_model_is_described(model: Path, image: Path) -> None:
    first, note = predict(image).stderr.splitlines()

    assert first.startswith("model: runs/trained (classic, trained on digits, test accuracy ")
    assert "--model pretrained" in note


def test_the_packaged_model_is_the_default_without_runs(image: Path) -> None:
    result = predict(image)

    assert result.stderr.startswith("model: pretrained")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout.splitlines()[1].startswith("7 ")


def test_json_is_printed_as_one_object_per_line(model: Path, digit_pngs: Path) -> None:
    Image.new("L", (50, 50), 255).save("blank.png")

    result = predict(digit_pngs / "3.png", "blank.png", "--json")

    three, blank = map(json.loads, result.stdout.splitlines())
    assert three["text"] == str(three["digit"]) == "3"
    assert three["model"] == "runs/trained"
    assert three["confidence"] == max(three["probabilities"]) == three["digits"][0]["confidence"]
    assert sum(three["probabilities"]) == pytest.approx(1, abs=1e-5)
    assert len(three["digits"][0]["box"]) == 4
    assert blank == {
        "path": "blank.png",
        "model": "runs/trained",
        "text": "",
        "confidence": 0.0,
        "reason": "no digit found",
        "digits": [],
        "text_confidence": 0.0,
        "lines": [],
        "marks": [],
        "mark_symbols": [],
        "form_elements": [],
        "specks": {"count": 0, "area": 0},
    }


def test_an_image_without_a_digit_is_rejected(model: Path) -> None:
    Image.new("L", (50, 50), 255).save("blank.png")

    result = predict("blank.png")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split() == ["-", "no", "digit", "found", "blank.png"]


def test_an_image_below_the_threshold_of_the_model_is_rejected(model: Path, image: Path) -> None:
    metrics = model / "metrics.json"
    known = json.loads(metrics.read_text(encoding="utf-8"))
    metrics.write_text(json.dumps(known | {"min_confidence": 0.999999}), encoding="utf-8")

    result = predict(image)
    rejected = json.loads(predict(image, "--json").stdout)
    always = json.loads(predict(image, "--min-confidence", 0, "--json").stdout)

    assert result.exit_code == 0
    assert rejected["reason"].startswith("rejected, below ")
    assert f": best guess {always['digit']} (" in rejected["reason"]
    line = result.stdout.splitlines()[1]
    assert line.startswith("-  ")
    assert line.endswith(f": best guess {always['digit']}  {image}")
    assert rejected == always | {"text": "", "reason": rejected["reason"]}


def test_a_number_is_predicted_from_left_to_right(model: Path, digit_pngs: Path) -> None:
    number = Image.new("L", (3 * 280, 280), 255)
    for index, digit in enumerate((3, 0, 7)):
        with Image.open(digit_pngs / f"{digit}.png") as image:
            number.paste(image, (index * 280, 0))
    number.save("number.png")

    prediction = json.loads(predict("number.png", "--json").stdout)
    line = predict("number.png").stdout.splitlines()[1]
    single = json.loads(predict("number.png", "--single", "--json").stdout)

    assert prediction["text"] == "307"
    assert "digit" not in prediction
    assert 0 < prediction["confidence"] <= 1
    lefts = [digit["box"][0] for digit in prediction["digits"]]
    assert 0 <= lefts[0] < 280 <= lefts[1] < 560 <= lefts[2]
    assert (line.split()[0], line.split()[-1]) == ("307", "number.png")
    assert len(single["digits"]) == 1


def test_several_models_are_averaged(model: Path, image: Path) -> None:
    one, two = ("--model", model), ("--model", model / "last.keras")

    assert json.loads(predict(image, *one, *two, "--json").stdout)["model"] == (
        f"{model} + {model / 'last.keras'}"
    )


def test_a_folder_stands_for_its_images(model: Path, digit_pngs: Path) -> None:
    shutil.copytree(digit_pngs, "mine")
    Path("mine/notes.txt").touch()
    Path("mine/1.svg").touch()

    result = predict("mine", "--top", 1)

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 11
    assert "skipped 2 files in 'mine': 1 SVG, 1 .txt" in result.stderr.splitlines()


@pytest.mark.parametrize("option", ["-r", "--recursive"])
def test_recursive_includes_subfolders(option: str, image: Path) -> None:
    Path("x/y").mkdir(parents=True)
    shutil.copy(image, "x/y/7.png")

    assert fail("x")[1][1:] == [
        "error: no images in 'x', only subfolders",
        "hint: mnistcli predict x --recursive",
    ]
    assert paths(predict("x", option, "--json")) == ["x/y/7.png"]


def test_a_list_of_names_on_stdin(model: Path, digit_pngs: Path) -> None:
    three, four = digit_pngs / "3.png", digit_pngs / "4.png"

    lines = predict("-", "--json", stdin=f"{three}\n\n{four}\n".encode())
    from_find = predict("-", "--json", stdin=f"{three}\0{four}\0".encode())

    assert paths(lines) == paths(from_find) == [str(three), str(four)]


def test_an_image_on_stdin_is_predicted(image: Path) -> None:
    """The bytes of an image were taken for file names, and the program crashed."""
    result = predict("-", "--save", "s.png", stdin=image.read_bytes())

    assert result.exit_code == 0
    _, line = result.stdout.splitlines()[:2]
    assert line.startswith("7 ")
    assert line.endswith("  -")
    assert width("s.png") > 300


def test_a_damaged_image_on_stdin_is_an_error(image: Path) -> None:
    content = image.read_bytes()

    assert fail("-", stdin=content[:60])[1][1:] == ["error: damaged or truncated image: '-'"]
    assert fail("-", stdin=bytes(range(256)))[1][1:] == ["error: not an image: '-'"]


def test_an_empty_stdin_is_an_error() -> None:
    result = predict("-", stdin=b"")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[1:] == [
        "error: stdin is empty: expected an image or a list of file names"
    ]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "an empty file name"),
        ("gone.png", "no such file: 'gone.png'"),
        ("https://a.org/7.png", "'https://a.org/7.png' is a URL, not a file: download it first"),
        ("no*.jpg", "no files match 'no*.jpg'"),
        ("seven.png/x.png", "not a directory: 'seven.png/x.png'"),
        ("x" * 300, f"file name too long: '{'x' * 300}'"),
        ("loop.png", "too many levels of symbolic links: 'loop.png'"),
        ("photo.jxl", "'photo.jxl' is a JPEG XL image: export it as PNG"),
        ("bad.png", "not an image: 'bad.png'"),
    ],
)
def test_one_bad_image_does_not_stop_the_rest(source: str, message: str, image: Path) -> None:
    Path("loop.png").symlink_to("loop.png")
    Path("photo.jxl").write_bytes(b"\xff\x0a" + bytes(20))
    Path("bad.png").write_text("seven")

    result = predict(image, source, image, "--json")

    assert result.exit_code == 1
    first, bad, last = map(json.loads, result.stdout.splitlines())
    assert first["text"] == last["text"] == "7"
    assert (bad["error"], bad["text"], bad["digits"]) == (message, "", [])
    assert result.stderr.splitlines()[1:] == [f"error: {message}"]


def test_without_a_readable_image_there_is_no_table(image: Path) -> None:
    result = predict("gone.png", "--save", "s.png")

    assert (result.exit_code, result.stdout) == (1, "")
    assert not Path("s.png").exists()
    assert result.stderr.splitlines()[1:] == ["error: no such file: 'gone.png'"]


def test_a_folder_without_images_is_an_error(model: Path) -> None:
    Path("empty").mkdir()
    Path("empty/notes.txt").touch()

    code, lines = fail("empty")

    assert (code, lines[1:]) == (1, ["error: no images in 'empty' (1 .txt)"])


@pytest.mark.parametrize(
    "name",
    ["a[/red].png", "[bold]x.png", "with space.png", "zwölf.png", "line\nbreak.png", ":smile:.png"],
)
def test_an_odd_name_is_printed_as_it_is(name: str) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    draw_digit(4).save(name)

    result = predict(name)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].endswith(f"  {repr(name) if chr(10) in name else name}")
    assert len(result.stdout.splitlines()) == 2
    assert paths(predict(name, "--json")) == [name]
    code, lines = fail(f"{name} missing")
    assert (code, lines[1]) == (1, f"error: no such file: {f'{name} missing'!r}")


def test_a_figure_of_the_predictions_is_saved(model: Path, digit_pngs: Path) -> None:
    result = predict(digit_pngs / "1.png", digit_pngs / "2.png", "--save", "out/p.png")

    assert result.exit_code == 0
    assert len(result.stdout.splitlines()) == 3
    assert result.stderr.splitlines()[-1].endswith("out/p.png")
    assert width("out/p.png") > 500


def test_a_figure_of_an_explanation_is_saved(model: Path, digit_pngs: Path) -> None:
    Image.new("L", (50, 50), 255).save("a[red].png")

    result = predict(digit_pngs / "1.png", "a[red].png", "--explain", "out/e[/red].png")

    assert result.exit_code == 0
    _, one, blank = result.stdout.splitlines()
    assert one.startswith("1")
    assert blank.split() == ["-", "no", "digit", "found", "a[red].png"]
    assert result.stderr.splitlines()[-1].endswith("out/e[/red].png")
    assert width("out/e[/red].png") > 1500


def test_figures_leave_json_alone(model: Path, digit_pngs: Path) -> None:
    result = predict(digit_pngs / "1.png", "--json", "--save", "s.png", "--explain", "e.png")

    assert json.loads(result.stdout)["text"] == "1"
    names = [line.split()[-1] for line in result.stderr.splitlines()]
    assert names[-2:] == ["s.png", "e.png"]


def test_figures_say_how_many_images_they_show(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After 100 images, the rest was left out silently."""
    monkeypatch.setattr(prediction_run, "MAX_DRAWN", 2)
    monkeypatch.setattr(prediction_figures, "MAX_DRAWN", 2)
    monkeypatch.setattr(prediction_figures, "MAX_EXPLAINED", 1)

    result = predict(image, image, image, "--save", "s.png", "--explain", "e.png")

    assert result.exit_code == 0
    assert "the first 2 of 3 images are drawn" in result.stderr.splitlines()
    assert "the first 1 of 3 digits are explained" in result.stderr.splitlines()


def test_an_input_is_not_overwritten(image: Path) -> None:
    content = image.read_bytes()

    for sources, stdin in (((image,), None), (("-",), f"{image}\n".encode())):
        code, lines = fail(*sources, "--save", image, stdin=stdin)
        assert code == 1
        assert lines[-2:] == [
            "error: --save would overwrite the input 'seven.png'",
            f"hint: mnistcli predict {sources[0]} --save seven_prediction.png",
        ]
    assert image.read_bytes() == content


@pytest.mark.parametrize("option", ["--save", "--explain"])
@pytest.mark.parametrize(
    ("name", "fitting"),
    [
        ("out.jpg", "out.png"),
        ("a/out", "a/out.png"),
        (".", "predictions.png"),
        ("./", "predictions.png"),
        ("..", "../predictions.png"),
        ("/", "/predictions.png"),
    ],
)
def test_figures_need_the_name_of_a_png_file(option: str, name: str, fitting: str) -> None:
    """A name without a last component ended in a traceback."""
    assert fail("a.png", option, name) == (
        2,
        [
            f"error: {option} must be a file name that ends in .png, not {str(Path(name))!r}",
            f"hint: mnistcli predict a.png {option} {fitting}",
        ],
    )


@pytest.mark.parametrize("option", ["--save", "--explain"])
def test_figures_need_a_name(option: str) -> None:
    code, lines = fail("a.png", option, "")

    assert code == 2
    assert lines[0].startswith(f"error: {option} is empty")


def test_a_pipe_without_a_writer_does_not_hang(
    image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnistcli.image_io.image_input._PIPE_WAIT", 0.1)
    os.mkfifo("pipe.png")

    assert fail("pipe.png")[1][1:] == ["error: empty file, not an image: 'pipe.png'"]


def test_a_pipe_is_read_once_and_drawn(image: Path) -> None:
    os.mkfifo("pipe")
    writer = threading.Thread(target=Path("pipe").write_bytes, args=(image.read_bytes(),))
    writer.start()

    result = predict("pipe", "--save", "s.png")

    writer.join()
    assert result.exit_code == 0
    assert width("s.png") > 300


def test_ctrl_c_ends_at_once() -> None:
    """The program waited for the images in preparation, for up to minutes."""
    program = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mnistcli.prediction import preparation\n"
        "def slow(*_, **__):\n"
        "    sys.stderr.write('preparing\\n')\n"  # one write: other threads write as well
        "    time.sleep(30)\n"
        "preparation.detect_content = slow\n"
        "sys.argv = ['mnistcli', 'predict', *sys.argv[1:]]\n"
        "from mnistcli.__main__ import main\n"
        "main()\n"
    )
    for number in range(5):
        draw_digit(7).save(f"{number}.png")
    command = [sys.executable, "-c", program, *(f"{number}.png" for number in range(5))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        while "preparing" not in process.stderr.readline():
            assert process.poll() is None
        begin = time.monotonic()
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        process.wait()

    assert time.monotonic() - begin < 5
    assert process.returncode == 130
    assert set(rest.splitlines()) <= {"preparing", "interrupted"}
    assert rest.count("interrupted") == 1


def test_the_help_names_defaults() -> None:
    text = " ".join(predict("--help").stdout.replace("│", " ").split())

    assert "Treat the whole image as a single digit." in text
    assert "Default: for one digit the thresholds of the model" in text
    assert "Number of candidates to show, including the prediction:" in text


def test_an_image_in_memory_has_the_same_prediction_as_its_file(image: Path) -> None:
    file = json.loads(predict(image, "--json").stdout)
    stdin = json.loads(predict("-", "--json", stdin=image.read_bytes()).stdout)

    assert stdin == file | {"path": "-"}
    assert io.BytesIO(image.read_bytes()).seekable()
