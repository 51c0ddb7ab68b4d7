"""The documents: no dead link, commands exist, and generated pages are up to date."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import mnistcli
from mnistcli.cli.training.epoch_table import EpochTable
from mnistcli.config import TrainConfig
from mnistcli.config_validation import metadata_of
from mnistcli.recipes import RECIPES
from tests.support.command_line import succeed

TOP = Path(mnistcli.__file__).parent.parent
PAGES = [TOP / "README.md", *sorted((TOP / ".github").glob("*.md"))]


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def shell_commands() -> list[str]:
    """Return the `mnistcli` commands in the code blocks of all pages but the generated one."""
    blocks = "\n".join(
        block
        for page in PAGES
        if page.name != "COMMANDS.md"
        for block in re.findall(r"```(?:sh|text|console)\n(.*?)```", text(page), re.DOTALL)
    )
    return re.findall(r"^(?:\$ )?mnistcli ([^#\n]+)", blocks, re.MULTILINE)


def test_the_readme_has_at_most_200_lines() -> None:
    assert len(text(TOP / "README.md").splitlines()) <= 200


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    prose = re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://)([^)#]*)(?:#([^)]*))?\)", text(page))

    for link, anchor in links:
        target = page.parent / link if link else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), f"{link}#{anchor}"


def test_the_readme_names_both_make_commands() -> None:
    assert {"make demo", "make test"} <= set(
        re.findall(r"^(make \w+)", text(TOP / "README.md"), re.MULTILINE)
    )


@pytest.mark.parametrize("command", sorted({line.split()[0] for line in shell_commands()}))
def test_options_in_the_documents_exist(command: str) -> None:
    used = {
        option
        for line in shell_commands()
        if line.split()[0] == command
        for option in re.findall(r"(?<!\S)--[\w-]+", line)
    }
    done = subprocess.run(
        [sys.executable, "-m", "mnistcli", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert used - set(re.findall(r"--[\w-]+", done.stdout)) == set()


def test_the_recipe_table_of_the_readme_lists_every_recipe() -> None:
    rows = re.findall(r"^\| `(\w+)`", text(TOP / "README.md"), re.MULTILINE)

    assert set(RECIPES) <= set(rows)


def test_the_example_of_the_readme_is_the_output_of_predict() -> None:
    Path(".github").mkdir()
    for name in ("note.jpg", "doodle.png"):
        shutil.copy(TOP / ".github" / name, ".github")
    example = re.search(
        r"^\$ mnistcli (predict .*)\nmodel: .*\n((?:.+\n)+)```",
        text(TOP / "README.md"),
        re.MULTILINE,
    )
    assert example is not None

    assert succeed(*example[1].split()).stdout == example[2]


def test_the_python_code_of_the_readme_runs() -> None:
    Path(".github").mkdir()
    shutil.copy(TOP / ".github" / "note.jpg", ".github")
    block = re.search(r"```python\n(.*?)```", text(TOP / "README.md"), re.DOTALL)
    assert block is not None
    code = block[1].replace("epochs=5", "epochs=1")  # to save time

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    prediction, accuracy, same, files = done.stdout.splitlines()
    assert prediction.startswith("59 0.99")
    assert 0.5 < float(accuracy) == float(same) < 1
    assert files == "[PosixPath('my-run/plots/confusion.png')]"


def test_the_readme_shows_the_epoch_table_of_a_terminal() -> None:
    header = EpochTable.fit(2, 100, validated=True).header

    assert f"\n{header}\n" in text(TOP / "README.md")


def packaged_model_rows(page: Path) -> dict[tuple[str, str], str]:
    """Return the table of the packaged model: its values by the columns images and measure."""
    table = text(page).split("| images | measure | packaged model |")[1].split("\n\n")[0]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines()[2:]]
    return {(images, measure): value for images, measure, value, *_ in rows}


def test_the_readme_and_the_results_report_the_same_packaged_model() -> None:
    readme = packaged_model_rows(TOP / "README.md")
    results = packaged_model_rows(TOP / ".github" / "RESULTS.md")

    assert len(readme) > 3
    assert readme == {key: results.get(key) for key in readme}


def test_the_model_card_reports_the_results() -> None:
    results = packaged_model_rows(TOP / ".github" / "RESULTS.md")
    card = json.loads(text(TOP / "mnistcli" / "pretrained" / "card.json"))
    mnist, corruptions, images = (
        card[name] for name in ("mnist_test", "corruptions", "development_images")
    )
    single, pages, cheques, non_digits = (
        images[name]
        for name in ("single_digits", "lines_and_pages", "cheque_amounts", "non_digits")
    )

    expected = {
        "MNIST test set": f"{mnist['accuracy']:.2%}",
        "loss, calibration error, rejected": f"{mnist['loss']:.4f}, "
        f"{mnist['calibration_error']:.2%}, {mnist['rejected']:.2%}",
        f"{single['images']} single digits": f"{single['right']:.1%}",
        "mean over the 15 sources, rejected": f"{single['mean_over_15_sources']:.1%}, "
        f"{single['rejected']} of {single['images']}",
        f"{pages['images']} lines and pages": f"{pages['right']:.0%}",
        f"{cheques['images']} bank check amounts": f"{cheques['predicted_right']:.0%}, "
        f"{cheques['wrong']:.0%}, {cheques['rejected']:.0%}",
        "the same, without rejection": f"{cheques['read_right']:.0%}",
        f"{non_digits['images']} non-digits": f"{non_digits['rejected']:.1%}",
        "first 1,000 test digits each": f"{corruptions['mean_error_of_arrays']:.2%}, "
        f"{corruptions['mean_error_of_images']:.2%}",
    }
    reported = {
        words: [value for row, value in results.items() if words in " | ".join(row)]
        for words in expected
    }
    assert reported == {words: [value.replace("%", " %")] for words, value in expected.items()}


def test_the_command_reference_is_up_to_date() -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "typer",
            "--app",
            "app",
            "mnistcli.cli",
            "utils",
            "docs",
            "--name",
            "mnistcli",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert text(TOP / ".github" / "COMMANDS.md").strip() == done.stdout.strip(), "run: make docs"


def test_the_contributing_guide_names_every_module_of_the_layers() -> None:
    project = tomllib.loads(text(TOP / "pyproject.toml"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]
    modules = {name.strip() for layer in layers for name in layer.split("|")}
    guide = text(TOP / ".github" / "CONTRIBUTING.md")

    missing = {name for name in modules if not re.search(rf"`{name}(?:\.py|/)?`", guide)}
    assert missing == set()


def test_the_contributing_guide_names_files_that_exist() -> None:
    guide = text(TOP / ".github" / "CONTRIBUTING.md")
    table = guide.split("## To change X, edit Y")[1].split("\n## ")[0]
    paths = set(re.findall(r"`([\w/]+(?:\.py|/))`", table))

    assert paths
    assert {path for path in paths if not (TOP / "mnistcli" / path).exists()} == set()


@pytest.mark.parametrize("name", ["CLUSTER", "RESULTS", "SECURITY"])
def test_modules_that_a_page_names_exist(name: str) -> None:
    paths = set(re.findall(r"`([\w/]+\.py)`", text(TOP / ".github" / f"{name}.md")))
    roots = (TOP, TOP / "mnistcli", TOP / "tests")
    known = {path.name for root in roots[1:] for path in root.rglob("*.py")}

    assert {
        path
        for path in paths
        if not any((root / path).exists() for root in roots) and path not in known
    } == set()


def test_larger_packages_list_their_modules_in_their_docstring() -> None:
    """Larger means more than eight modules; the contributing guide lists those of `mnistcli`."""
    unnamed = set()
    for file in (TOP / "mnistcli").glob("*/**/__init__.py"):
        modules = {path.stem for path in file.parent.glob("*.py")} - {"__init__"}
        docstring = ast.get_docstring(ast.parse(text(file))) or ""
        if len(modules) > 8:
            unnamed |= {
                f"{file.parent.name}.{name}" for name in modules if f"`{name}`" not in docstring
            }

    assert unnamed == set()


def test_the_docstring_of_the_tools_lists_every_tool() -> None:
    folder = TOP / "tests" / "tools"
    paths = [*folder.glob("*.py"), *(path.parent for path in folder.glob("*/__init__.py"))]
    docstring = ast.get_docstring(ast.parse(text(folder / "__init__.py"))) or ""

    listed = set(re.findall(r"^- (\w+): ", docstring, re.MULTILINE))
    assert {path.stem for path in paths} - {"__init__"} - listed == set()


def test_the_license_is_in_the_package() -> None:
    project = tomllib.loads(text(TOP / "pyproject.toml"))["project"]

    assert project["license"] == "MIT"
    assert [text(TOP / name).splitlines()[0] for name in project["license-files"]] == [
        "MIT License"
    ]


def test_the_package_index_page_has_no_relative_link() -> None:
    hook = tomllib.loads(text(TOP / "pyproject.toml"))["tool"]["hatch"]["metadata"]["hooks"]
    page = text(TOP / "README.md")
    for substitution in hook["fancy-pypi-readme"]["substitutions"]:
        page = re.sub(substitution["pattern"], substitution["replacement"], page)

    assert re.findall(r"\]\((?!https?://|#)[^)]+\)", page) == []


def test_every_setting_is_in_the_command_reference() -> None:
    reference = text(TOP / ".github" / "COMMANDS.md")
    names = {"base_model": "from"}
    options = {
        f"--{names.get(name, name).replace('_', '-')}"
        for name, field in TrainConfig.__dataclass_fields__.items()
        if not metadata_of(field).recorded
    }

    assert {option for option in options if option not in reference} == set()
