"""The recipes of CONTRIBUTING.md are followed in a copy of the project: the files that a recipe
names, and no other, make a filter, a column and a task type whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from lib.store.process_store import ROOT

pytestmark = pytest.mark.slow

COPIED = ("lib", "pages", "data/reference", "data/samples", "tests")
# What each proof starts from: Ana and Ben, three tasks of claims, and the list's page as
# Streamlit draws it for Ana.
SCENE = """
import tempfile
from pathlib import Path

from lib import queue, tasks
from lib.models import TaskFilter, TaskType
from lib.store import process_store
from lib.ui import filters, task_list
from tests.conftest import NOON, everybody
from tests.given import add_charge, add_task_of_charge
from tests.pages import Visit

folder = Path(tempfile.mkdtemp()) / "data"
store = process_store.open_store(folder)
con = store.connection()
cast = everybody(con)
charges = [add_charge(con, cast.practice, claim_number=f"A-{n}") for n in (2, 3, 1)]
made = [add_task_of_charge(con, cast.practice, charge_id=each) for each in charges]
desk = filters.Desk(cast.ana, [], task_list.choices)
nothing_said = dict.fromkeys((*filters.KEYS, *filters.DAY_KEYS))
"""


class Copy:
    """A copy of the project in which only the files of one recipe may be edited."""

    def __init__(self, folder: Path, recipe: str) -> None:
        self.folder = folder
        text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
        found = re.search(rf"\*\*{recipe}\.\*\*\n(.*?)\n\n", text, re.DOTALL)
        assert found, f"CONTRIBUTING.md has no recipe “{recipe}”"
        self.named = set(re.findall(r"`((?:lib|data|pages)/[\w/.]+)`", found[1]))
        for name in COPIED:
            shutil.copytree(
                ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "browser")
            )

    def edit(self, file: str, after: str, addition: str) -> None:
        """Put `addition` behind the one place of `file` that says `after`."""
        assert file in self.named, f"the recipe does not name {file}"
        path = self.folder / file
        text = path.read_text(encoding="utf-8")
        assert text.count(after) == 1, f"{file} says {after!r} {text.count(after)} times"
        path.write_text(text.replace(after, after + addition), encoding="utf-8")

    def proves(self, script: str) -> None:
        """Run `script` in the copy; it ends with an AssertionError where the recipe fell short."""
        ended = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", SCENE + script + "\nprint('proved')\n"],
            cwd=self.folder, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ended.stdout.splitlines()[-1:] == ["proved"], ended.stderr[-3000:]


FILTERED = """
assert "claim" in filters.KEYS, "claim is no filter"
wanted, problems = filters.read({**nothing_said, "claim": "A-2"}, desk)
assert problems == []
assert [row.id for row in queue.find(con, wanted, actor=cast.ana).rows] == [made[0]]
everything, _ = filters.read(nothing_said, desk)
assert queue.find(con, everything, actor=cast.ana).count == 3

with Visit(store, cast.ana) as visit:
    page = visit.page("tasks", claim="A-2")
    assert page.text_input(key="claim").label == "Claim number"
    assert page.text_input(key="claim").value == "A-2"
    assert [row["id"] for row in visit.listed()] == [made[0]]
    page.text_input(key="claim").set_value("A-3").run()
    assert [row["id"] for row in visit.listed()] == [made[1]]
"""


def test_a_filter_is_a_field_a_condition_and_an_entry(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A filter of the list")

    copy.edit(
        "lib/models.py", "    words: tuple[str, ...] = ()\n", "    claim: str | None = None\n"
    )
    copy.edit(
        "lib/queue.py", "FILTERS: dict[str, str] = {\n",
        '    "claim": "task.claim_number = $claim",\n',
    )  # fmt: skip
    copy.edit(
        "lib/ui/filters.py", "\nFILTERS = (\n",
        '    Filter("claim", "Claim number", 110, lambda text, _: {"claim": text}),\n',
    )  # fmt: skip

    copy.proves(FILTERED)


SORTED = """
assert [each.label for each in task_list.COLUMNS][0] == "Claim number"
found = queue.find(con, TaskFilter(), actor=cast.ana, order="claim")
assert [row.claim_number for row in found.rows] == ["A-1", "A-2", "A-3"]
found = queue.find(con, TaskFilter(), actor=cast.ana, order="claim", descending=True)
assert [row.claim_number for row in found.rows] == ["A-3", "A-2", "A-1"]

with Visit(store, cast.ana) as visit:
    visit.page("tasks", sort="-claim")
    assert [row["claim"] for row in visit.listed()] == ["A-3", "A-2", "A-1"]
    assert visit.columns()[0] == "Claim number"
"""


def test_a_column_is_a_field_a_place_in_the_select_and_an_entry(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A column of the list")

    copy.edit(
        "lib/models.py", 'class TaskRow:\n    """One line of the task list."""\n',
        "\n    claim_number: str",
    )  # fmt: skip
    copy.edit("lib/queue.py", "assignee.name AS assignee_name", ", task.claim_number")
    copy.edit("lib/queue.py", "ORDERS: dict[str, str] = {\n", '    "claim": "task.claim_number",\n')
    copy.edit(
        "lib/ui/task_list.py", "COLUMNS = (\n",
        '    Column("claim", "Claim number", "10%", lambda row, *_: row.claim_number),\n',
    )  # fmt: skip

    copy.proves(SORTED)


TYPED = """
from lib.intake.tables import value_synonyms

task_id = tasks.create(
    con, practice_id=cast.practice, type=TaskType.APPEAL, title="Appeal it", charge_id=charges[0],
    instructions="Write to the payer.", token="a", actor=cast.dora, now=NOON,
)
assert tasks.get(con, task_id, actor=cast.ana).type is TaskType.APPEAL
assert queue.counts(con, [cast.practice], actor=cast.ana)["appeal"] == 1
assert value_synonyms.type_of("Dispute") is TaskType.APPEAL
assert value_synonyms.type_of("appeal") is TaskType.APPEAL

with Visit(store, cast.ana) as visit:
    page = visit.page("tasks", type="Appeal")
    assert "Appeal" in page.selectbox(key="type").options
    assert page.selectbox(key="type").value == "Appeal"
    assert [(row["id"], row["type"]) for row in visit.listed()] == [(task_id, "Appeal")]
    assert ("appeal", "Appeal", "1") in visit.menu()

with Visit(store, cast.dora) as visit:
    assert not visit.page("edit_charge", task=str(task_id)).exception
    assert "Appeal it" in visit.words()
    assert not visit.page("backlog").exception
    assert "Appeal" in visit.page("new_task").selectbox(key="new_type").options
"""


def test_a_task_type_is_a_member_and_its_label(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A task type")

    copy.edit("lib/models.py", '    DOCUMENTS = "documents"\n', '    APPEAL = "appeal"\n')
    copy.edit(
        "lib/models.py", '            TaskType.DOCUMENTS: "Documents",\n',
        '            TaskType.APPEAL: "Appeal",\n',
    )  # fmt: skip
    copy.edit(
        "lib/intake/tables/value_synonyms.py", "_TYPES = {\n", '    TaskType.APPEAL: "dispute",\n'
    )

    copy.proves(TYPED)


def test_a_recipe_that_forgets_a_step_is_seen(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A filter of the list")

    copy.edit(
        "lib/models.py", "    words: tuple[str, ...] = ()\n", "    claim: str | None = None\n"
    )

    with pytest.raises(AssertionError, match="claim is no filter"):
        copy.proves(FILTERED)


def test_a_file_that_the_recipe_does_not_name_may_not_be_edited(tmp_path: Path) -> None:
    copy = Copy(tmp_path, "A column of the list")

    with pytest.raises(AssertionError, match="does not name"):
        copy.edit("lib/ui/filters.py", "FILTERS = (\n", "")
