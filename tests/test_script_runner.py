"""A page is drawn where it belongs, whatever the same thread of Streamlit's drew before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.commands import execution_control
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime import Runtime
from streamlit.runtime.fragment import MemoryFragmentStorage
from streamlit.runtime.media_file_manager import MediaFileManager
from streamlit.runtime.memory_media_file_storage import MemoryMediaFileStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import RerunData, ScriptRunner, ScriptRunnerEvent
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.runtime.state import SessionState

from lib.ui import streamlit_patches

FRAME = """
import streamlit as st
page = st.navigation([st.Page("documents.py"), st.Page("import_files.py"), st.Page("going.py")])
page.run()
"""
DOCUMENTS = """
import streamlit as st
st.text("The documents")
@st.dialog("Edit document")
def edit():
    st.text("Its details")
    st.button("Save", key="verb_save", on_click=lambda: st.session_state.update(saved=True))
if "saved" not in st.session_state:
    edit()
"""
IMPORT = """
import streamlit as st
st.text("What came in" + " after a document was saved" * ("saved" in st.session_state))
"""


GOING = """
import streamlit as st
st.switch_page("documents.py") if st.session_state["leads"] == "elsewhere" else st.rerun()
"""


class Drawing:
    """Runs one session's pages, and keeps what each run has drawn."""

    def __init__(self, folder: Path) -> None:
        for name, text in (
            ("frame", FRAME),
            ("documents", DOCUMENTS),
            ("import_files", IMPORT),
            ("going", GOING),
        ):
            (folder / f"{name}.py").write_text(text)
        script = str(folder / "frame.py")
        self.runs: list[list[ForwardMsg]] = []
        cache = ScriptCache()
        self.pages = PagesManager(script, cache)
        self.fragments = MemoryFragmentStorage()
        self.state = SessionState()
        self.loop = asyncio.new_event_loop()
        self.late = RerunData()
        self.then: list[Callable[[], RerunData]] = []  # asked for, each as the run before it ends
        self.runner = ScriptRunner(
            session_id="one",
            main_script_path=script,
            session_state=self.state,
            uploaded_file_mgr=MemoryUploadedFileManager("/"),
            script_cache=cache,
            initial_rerun_data=RerunData(),
            user_info={},
            fragment_storage=self.fragments,
            pages_manager=self.pages,
            event_loop=self.loop,
        )
        self.runner.on_event.connect(self._hear)

    def _hear(self, _sender: object, event: ScriptRunnerEvent, **said: Any) -> None:
        if event is ScriptRunnerEvent.SCRIPT_STARTED:
            self.runs.append([])
        elif event is ScriptRunnerEvent.ENQUEUE_FORWARD_MSG:
            self.runs[-1].append(said["forward_msg"])
        elif event is not ScriptRunnerEvent.SHUTDOWN and self.then:
            # Streamlit looks for requests no more: this one is run by the same thread.
            self.runner.request_rerun(self.then.pop(0)())

    def draw(self, *then: Callable[[], RerunData]) -> None:
        """Draw the first page, and what is asked for as each run ends."""
        self.then = list(then)
        self.runner.start()
        assert self.runner._script_thread is not None
        self.runner._script_thread.join(20)
        assert not self.then

    def page(self, name: str) -> str:
        """Return Streamlit's own name of a page."""
        return next(
            key for key, page in self.pages.get_pages().items() if page["url_pathname"] == name
        )

    def dialog(self, *pressed: str) -> RerunData:
        """Ask for the dialog of the documents."""
        widgets = [
            WidgetState(id=self.state.get_widget_id_from_key(key) or "", trigger_value=True)
            for key in pressed
        ]
        return RerunData(
            fragment_id=next(iter(self.fragments._fragments)),
            page_script_hash=self.page(""),
            widget_states=WidgetStates(widgets=widgets),
        )

    def leave(self, *pressed: str, query: str = "") -> RerunData:
        """Ask for the other page; what is pressed in the dialog meanwhile comes late."""
        self.late = self.dialog(*pressed)
        return RerunData(page_script_hash=self.page("import_files"), query_string=query)

    def texts(self, run: int) -> list[tuple[list[int], str]]:
        """Return each text that a run has drawn, and where."""
        return [
            (list(said.metadata.delta_path), said.delta.new_element.text.body)
            for said in self.runs[run]
            if said.delta.new_element.HasField("text")
        ]


@pytest.fixture
def drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drawing]:
    files = MediaFileManager(MemoryMediaFileStorage("/media"))
    nothing = SimpleNamespace(
        clear_session_refs=lambda **_: None, remove_orphaned_sources=lambda: None
    )
    monkeypatch.setattr(
        Runtime, "_instance", SimpleNamespace(media_file_mgr=files, dataframe_source_mgr=nothing)
    )
    before = PagesManager.uses_pages_directory
    streamlit_patches.listen()
    found = Drawing(tmp_path)
    yield found
    found.loop.close()
    PagesManager.uses_pages_directory = before


def test_a_page_asked_for_as_a_dialog_was_drawn_is_not_drawn_into_the_dialog(
    drawing: Drawing,
) -> None:
    drawing.draw(drawing.dialog, lambda: RerunData(page_script_hash=drawing.page("import_files")))

    assert drawing.texts(0) == [([0, 0], "The documents"), ([2, 0, 0, 0], "Its details")]
    assert drawing.texts(1) == [([2, 0, 0, 0], "Its details")]
    assert drawing.texts(2) == [([0, 0], "What came in")]


def test_a_press_in_a_dialog_of_a_page_that_a_run_has_left_is_done_on_the_page_that_is_there(
    drawing: Drawing,
) -> None:
    drawing.draw(lambda: drawing.leave("verb_save", query="year=2025"), lambda: drawing.late)

    assert drawing.texts(1) == [([0, 0], "What came in")]
    assert drawing.texts(2) == [([0, 0], "What came in after a document was saved")]
    assert drawing.state.query_params.to_dict() == {"year": "2025"}


def test_what_decides_nothing_in_a_dialog_of_a_page_that_was_left_empties_no_page(
    drawing: Drawing,
) -> None:
    drawing.draw(drawing.leave, lambda: drawing.late)

    assert len(drawing.runs) == 2


@pytest.mark.parametrize("leads", ["elsewhere", "to itself"])
def test_a_page_that_is_asked_for_while_a_run_leads_to_another_one_is_drawn(
    drawing: Drawing, monkeypatch: pytest.MonkeyPatch, leads: str
) -> None:
    def ask(*_: object) -> list[str]:
        drawing.runner.request_rerun(
            RerunData(page_script_hash=drawing.page("import_files"), widget_states=WidgetStates())
        )
        return []

    drawing.state["leads"] = leads
    monkeypatch.setattr(execution_control, "time", SimpleNamespace(sleep=ask))  # as it waits
    monkeypatch.setattr(execution_control, "_new_fragment_id_queue", ask)

    drawing.draw(lambda: RerunData(page_script_hash=drawing.page("going")))

    assert drawing.texts(-1) == [([0, 0], "What came in")]
    assert len(drawing.runs) == 3
