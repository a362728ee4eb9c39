"""What the commands print, as somebody reads it on a terminal or from a pipe."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lib import terminal
from tests.test_command import run, run_command, written

ROOT = Path(__file__).parents[1]
ODD = "N\x1b[31morth\n  in  \u202efake\x9b\U000e0041"
SHOWN = "N\\u001b[31morth\\n  in  \\u202efake\\u009b\\udb40\\udc41"


def test_control_characters_are_shown_and_letters_stay() -> None:
    assert terminal.visible(ODD) == SHOWN
    assert terminal.visible("José’s 诊所 👩‍⚕️") == "José’s 诊所 👩‍⚕️"
    assert terminal.visible(os.fsdecode(b"a\xff.837")) == "a\\udcff.837"


@pytest.mark.slow
def test_a_name_that_would_write_on_the_terminal_is_shown(tmp_path: Path) -> None:
    data, file = tmp_path / "data", written(tmp_path, f"{ODD}.837", b"hello")
    zone = ("--time-zone", "America/Denver")

    made = run_command(data, "practice", "add", f"P{ODD[:8]}", *zone)
    refused = run_command(data, "import", file)
    as_json = run_command(data, "import", "--json", file)
    asked = run_command(data, "people", "list", f"--{ODD}")

    assert made.stdout == "PN\\u001b[31mor: America/Denver\n"
    assert refused.stdout.splitlines()[0].startswith(f"  refused  {SHOWN}.837 was refused")
    assert len(refused.stdout.splitlines()) == 2
    assert json.loads(as_json.stdout)["file"] == str(file)
    assert asked.stderr.endswith(f"error: unrecognized arguments: --{SHOWN}\n")
    for done in (made, refused, as_json, asked):
        assert "\x1b" not in done.stdout + done.stderr
        assert "\u202e" not in done.stdout + done.stderr


@pytest.mark.slow
def test_a_name_whose_bytes_are_no_text_is_printed_in_any_encoding(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"Jos\xe9 \xe2\x82\xac.837")
    file.write_bytes(b"hello")

    done = run(tmp_path / "data", file, environment={"PYTHONIOENCODING": "ascii"})

    assert (done.returncode, done.stderr) == (1, "")
    assert "Jos\\udce9 \\u20ac.837 was refused" in done.stdout


@pytest.mark.slow
def test_every_error_is_on_standard_error_and_every_code_says_so(tmp_path: Path) -> None:
    data = tmp_path / "data"
    zone = ("--time-zone", "America/Denver")
    assert run_command(data, "practice", "add", "North", *zone).returncode == 0

    asked = [
        ("backup", "--to", str(data / "documents")),
        ("backup", "--to", str(data / "temporary" / "backups")),
        ("snapshot", "--to", str(data / "intake")),
        ("practice", "set", "North", "--new-name", ""),
        ("practice", "set", "North", "--time-zone", ""),
        ("practice", "--time-zone", ""),
        ("practice", "--name", "South"),
        ("serve", "--host", "nowhere.invalid"),
        ("people", "deactivate", "nobody@example.com"),
        ("people", "add", "no address", "--name", "A", "--role", "staff"),
        ("people", "remove", "nobody@example.com", "--practice", "South"),
        ("practice", "set", "South", "--npi", "1234567893"),
        ("practice", "set", "North", "--npi", "1"),
        ("practice", "set", "North", "--due-days", "0"),
        ("practice", "add", "South", "--time-zone", "Mars/Base"),
        ("practice", "payers", "South"),
        ("export", "--practice", "North", "--since", "2026-01-01", "--out", "/none/there.zip"),
        ("snapshot", "--to", str(ROOT / "README.md")),
        ("restore", "--from", str(tmp_path)),
        ("practice", "payer-limit", "North", "Aetna", "--days", "9"),
        ("activity", "--remove-older-than", "1"),
        ("backup", "--to", str(ROOT / "README.md")),
    ]
    assert run_command(data, "people", "list", "x").returncode == 2
    wrong = [
        ("generate", "--tasks", "99999999999999999999"),
        ("backup", "--to", ""),
        ("verify", ""),
        ("restore", "--from", ""),
        ("snapshot", "--to", os.fsdecode(b"\xff")),
        ("export", "--since", "2026-01-01", "--out", ""),
        ("serve", "--port", "99999999"),
        ("serve", "--port", "0"),
        ("watch", ""),
        ("people", "add", os.fsdecode(b"\xff@example.com"), "--name", "A", "--role", "staff"),
        ("export", "--since", "yesterday", "--out", "a.zip"),
        ("import", "--practice", os.fsdecode(b"\xff"), "README.md"),
    ]
    for each in wrong:
        done = run_command(data, *each)

        assert (done.returncode, done.stdout) == (2, ""), each
        assert done.stderr.startswith("usage: python -m lib"), each
    for each in asked:
        done = run_command(data, *each)

        assert (done.returncode, done.stdout) == (1, ""), each
        assert len(done.stderr.splitlines()) == 1, each


def ended(data: Path, shell: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command whose output a shell leads elsewhere."""
    return subprocess.run(
        ["/bin/sh", "-c", f'"$0" -m lib "$@" {shell}', sys.executable, *arguments],
        cwd=ROOT, env=os.environ | {"BILLING_TASKS_DATA": str(data)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.slow
def test_a_command_does_its_work_wherever_its_output_goes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    add = ("practice", "add", "--time-zone", "America/Denver")

    closed = ended(data, ">&-", *add, "A")
    both = ended(data, ">&- 2>&-", *add, "B")
    nothing = ended(data, "<&- >&- 2>&-", *add, "B")
    full = ended(data, ">/dev/full", *add, "C")

    assert (closed.returncode, closed.stderr) == (0, "")
    assert (both.returncode, nothing.returncode) == (0, 1)
    assert (full.returncode, full.stderr) == (
        1,
        "What this command says could not be written: No space left on device. It did its work.\n",
    )
    assert run_command(data, "practice").stdout == "".join(
        f"{name}: America/Denver\n" for name in "ABC"
    )


def test_what_a_command_prints_goes_through_one_place() -> None:
    found = []
    for path in [ROOT / "app.py", *(ROOT / "lib").rglob("*.py"), *(ROOT / "pages").glob("*.py")]:
        if path == ROOT / "lib/terminal.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name | ast.Attribute) and ast.unparse(node) in (
                "print",
                "argparse.ArgumentParser",
            ):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}")

    assert found == []


@pytest.mark.slow
def test_a_data_folder_that_cannot_be_one_is_said_to_be_that(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    names = {
        os.fsdecode(os.fsencode(tmp_path) + b"/b\xff"): "is not text in UTF-8.",
        str(tmp_path / ("x" * 300)): "cannot be used: File name too long.",
        str(loop): "cannot be used: its links lead in a circle.",
    }

    for name, said in names.items():
        done = run_command(Path(name), "practice", "add", "N", "--time-zone", "America/Denver")

        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.startswith("The data folder")
        assert done.stderr.endswith(f"{said}\n")


@pytest.mark.slow
def test_a_folder_that_this_user_may_not_look_into_is_named(tmp_path: Path) -> None:
    data, closed = tmp_path / "data", tmp_path / "closed"
    zone = ("--time-zone", "America/Denver")
    assert run_command(data, "practice", "add", "North", *zone).returncode == 0
    closed.mkdir(mode=0)
    asked = [
        (data, ("backup", "--to", closed)),
        (data, ("restore", "--from", closed)),
        (data, ("verify", closed)),
        (data, ("serve", "--watch", closed / "in")),
        (closed, ("practice",)),
        (closed, ("verify",)),
        (closed / "in", ("practice",)),
        (closed / "in", ("practice", "add", "N", *zone)),
    ]

    for folder, command in asked:
        done = run_command(folder, *command, as_user=True)

        assert (done.returncode, done.stdout) == (1, ""), command
        assert str(closed) in done.stderr, command
        assert "went wrong on our side" not in done.stderr, command
        assert len(done.stderr.splitlines()) == 1, command
    closed.chmod(0o700)


@pytest.mark.slow
def test_the_data_folder_is_not_watched(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert (
        run_command(data, "practice", "add", "N", "--time-zone", "America/Denver").returncode == 0
    )

    done = run_command(data, "watch", "--once", data)

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith(f"{data} is the data folder. Name another one for what comes in.\n")


@pytest.mark.slow
def test_years_before_the_first_remove_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    assert (
        run_command(data, "practice", "add", "N", "--time-zone", "America/Denver").returncode == 0
    )

    done = run_command(data, "activity", "--remove-older-than", "99999")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 lines of the activity before ")


@pytest.mark.slow
def test_a_command_in_a_folder_that_is_gone_says_so(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    asked = [
        ({"BILLING_TASKS_DATA": "data"}, ["practice"], 1),
        ({"BILLING_TASKS_DATA": str(tmp_path)}, ["backup", "--to", "there"], 2),
    ]
    for told, command, code in asked:
        done = subprocess.run(
            ["/bin/sh", "-c", f'cd {gone} && rmdir {gone} && "$@"; code=$?; mkdir {gone}; '
             "exit $code", "sh", sys.executable, "-m", "lib", *command],
            env=os.environ | told | {"PYTHONPATH": str(ROOT)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

        assert (done.returncode, done.stdout) == (code, "")
        assert "gone" in done.stderr.splitlines()[-1]
        assert "our side" not in done.stderr
