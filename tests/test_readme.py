"""The README's commands, run as they stand there."""

import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import soundfile

from and_core.models.datasets.foley import Foley

Serve = Callable[[str, Path, float], AbstractContextManager[str]]
SMALL = "--set interpretability.clusters=3 --set ablations.clips_per_class=1"
SHRUNK = {
    "and-precompute run": f"{{}} {SMALL}",
    "and-precompute plan": f"{{}} {SMALL}",
    "and-precompute status": f"{{}} {SMALL}",
    "and-precompute clean": f"{{}} {SMALL}",
    "and-precompute train": "{} --set dataset.clips_per_class=5 --set epochs=1 --out trained",
}
"""What is added to a command so that it takes seconds."""


def blocks(readme: str, language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", readme, flags=re.DOTALL | re.MULTILINE)
    return [text for name, text in fenced if name == language]


def commands(readme: str) -> list[str]:
    return [line for block in blocks(readme, "sh") for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def readme(project: Path) -> str:
    return (project / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def desk(
    project: Path,
    readme: str,
    tmp_path_factory: pytest.TempPathFactory,
    write_ast: Callable[[Path, Sequence[str]], None],
) -> Path:
    """A folder that looks like a clone whose user has put recordings, a checkpoint and a configuration into it."""
    desk = tmp_path_factory.mktemp("desk")
    for entry in project.iterdir():
        if entry.name not in ("runs", ".venv", ".git"):
            (desk / entry.name).symlink_to(entry)
    (desk / ".venv").symlink_to(sys.prefix)
    write_esc50(desk / "path/to/ESC-50")
    write_ast(desk / "path/to/checkpoint", Foley(clips_per_class=1).class_names)
    shutil.copytree(desk / "path/to/checkpoint", desk / "checkpoint")
    shutil.copytree(desk / "path/to/ESC-50/audio", desk / "recordings")
    (desk / "mine.toml").write_text(blocks(readme, "toml")[0])
    return desk


def write_esc50(root: Path) -> None:
    """Two takes of every foley sound in the layout of ESC-50."""
    (root / "audio").mkdir(parents=True)
    (root / "meta").mkdir()
    foley = Foley(clips_per_class=2)
    lines = ["filename,fold,target,category,esc10,src_file,take"]
    for index in range(len(foley)):
        clip = foley.clip(index)
        soundfile.write(root / "audio" / clip.filename, clip.waveform, clip.sample_rate_hz)
        target = foley.class_names.index(str(clip.class_name))
        lines.append(f"{clip.filename},{clip.fold},{target},{clip.class_name},False,{index},A")
    (root / "meta/esc50.csv").write_text("\n".join(lines))


def test_the_first_screen_holds_a_sentence_a_picture_two_commands_and_the_tree(readme: str, project: Path) -> None:
    title, sentence, picture, *_ = (part for part in readme.split("\n\n") if part.strip())
    assert title == "# AND explorer"
    assert sentence.endswith(".")
    linked = re.search(r"\]\((.+)\)", picture)
    assert linked and (project / linked[1]).is_file()
    assert blocks(readme, "sh")[0].split("\n")[:2] == ["make demo", "make test"]


def test_the_tree_names_what_is_there(readme: str, project: Path) -> None:
    named = re.findall(r"^(\S+)", blocks(readme, "")[0], flags=re.MULTILINE)
    assert "app.py" in named
    for name in named:
        assert (project / name).exists(), name


def test_every_link_leads_somewhere(readme: str, project: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", readme):
        assert (project / target).exists(), target


def test_make_knows_the_two_commands(project: Path) -> None:
    for target, does in (("demo", "and-precompute run demo"), ("test", "pytest")):
        shown = subprocess.run(["make", "-n", target], cwd=project, capture_output=True, text=True, check=True)
        assert does in shown.stdout


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_make_demo_dissects_the_demo_network_and_answers(desk: Path, serve: Serve) -> None:
    # The packages under test stand in for the ones that `make setup` would install.
    is_set_up = (desk / ".venv" / ".installed").is_file()
    with serve("make demo" if is_set_up else "make -o .venv/.installed demo", desk, 600) as url:
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert b"streamlit" in answer.read().lower()
        assert (desk / "runs/demo/store/current").is_file()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_other_command_runs_in_the_order_of_the_readme(readme: str, desk: Path, serve: Serve) -> None:
    for command in commands(readme):
        if command in ("make demo", "make test"):
            continue  # the one is tested above, the other is running this
        if "streamlit run" in command:
            with serve(command, desk, 60):
                continue  # it answers
        shrunk = next((shape.format(command) for name, shape in SHRUNK.items() if name in command), command)
        done = subprocess.run(["bash", "-c", shrunk], cwd=desk, capture_output=True, text=True)
        assert done.returncode == 0, f"{shrunk}\n{done.stdout}\n{done.stderr}"
