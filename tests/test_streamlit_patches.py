"""Of two waiting requests both are heard; one that comes late is; and no callback is ended."""

from __future__ import annotations

import pytest
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import RerunData, RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import ScriptRequests, ScriptRequestType
from streamlit.runtime.state import SafeSessionState, SessionState

from lib.intake.tables.columns import Field
from lib.ui import import_mapping, streamlit_patches, unprocessed_browser_events

KEPT = "$$ID-1-text_question_" + "0" * 32


def states(**values: str) -> WidgetStates:
    return WidgetStates(
        widgets=[WidgetState(id=name, string_value=text) for name, text in values.items()]
    )


def both(old: WidgetStates | None, new: WidgetStates | None) -> dict[str, str]:
    found = streamlit_patches._of_both(old, new)
    return {state.id: state.string_value for state in found.widgets} if found else {}


def test_a_kept_text_that_only_the_older_request_has_is_not_lost() -> None:
    assert both(states(**{KEPT: "Which day?"}), states(q="")) == {KEPT: "Which day?", "q": ""}


@pytest.mark.parametrize(
    "key",
    [
        "document_7",
        "resolution_7",
        "name_task_7_0",
        "lines_7",
        "practice",
        f"map_0_{Field.CLAIM}_{import_mapping.key_of('file')}",
    ],
)
def test_what_a_button_of_a_task_goes_by_is_kept_with_the_press(key: str) -> None:
    chosen = f"$$ID-1-{key}"

    assert both(states(**{chosen: "1"}), states(q="")) == {chosen: "1", "q": ""}


def test_the_newer_request_counts_where_both_say_something() -> None:
    assert both(states(**{KEPT: "Whi"}), states(**{KEPT: "Which"})) == {KEPT: "Which"}


def test_a_filter_of_a_page_that_was_left_is_not_brought_along() -> None:
    assert both(states(q="Rivera"), states(other="x")) == {"other": "x"}


def test_one_request_alone_is_as_it_is() -> None:
    assert both(None, states(q="Rivera")) == {"q": "Rivera"}


class Runner:
    """Stands for Streamlit's runner of scripts, for which a newer request waits."""

    _execing = True

    def __init__(self) -> None:
        self._requests = ScriptRequests()
        self._requests.on_scriptrunner_ready()

    def end_if_asked(self) -> None:
        if self._execing:
            raise RerunException(RerunData())


class Called(SessionState):
    """A session's state whose callback reads a value of the session and writes another."""

    safe: SafeSessionState

    def on_script_will_rerun(self, *_: object, **__: object) -> None:
        self.safe["written"] = "seen" in self.safe


def test_a_callback_is_not_ended_by_a_newer_request_and_the_run_after_it_is() -> None:
    runner, state = Runner(), Called()
    state.safe = SafeSessionState(state, runner.end_if_asked)

    streamlit_patches._hear_first(state.safe, None)

    assert state.filtered_state == {"written": False}
    with pytest.raises(RerunException):
        state.safe["next"] = True


def test_a_request_that_waits_behind_a_callback_is_not_taken_for_heard() -> None:
    runner, state = Runner(), Called()
    state.safe = SafeSessionState(state, runner.end_if_asked)
    unprocessed_browser_events.send("", "")
    runner._requests._state = ScriptRequestType.RERUN

    streamlit_patches._hear_first(state.safe, None)
    assert unprocessed_browser_events.is_sent("")

    runner._requests._state = ScriptRequestType.CONTINUE
    streamlit_patches._hear_first(state.safe, None)
    assert not unprocessed_browser_events.is_sent("")


class Session:
    """Stands for Streamlit's session: it has the fragments of the page that is shown."""

    def __init__(self, *fragments: str) -> None:
        self.id = "one"
        self._user_info = {"session": "of Ana's cookie"}
        self.fragments = set(fragments)
        self.run: list[ClientState | None] = []
        self._scriptrunner: Runner | None = None

    def has_fragment(self, fragment_id: str) -> bool:
        return fragment_id in self.fragments


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Session:
    def run(self: Session, asked: ClientState | None) -> None:
        self.run.append(asked)

    monkeypatch.setattr(streamlit_patches, "_request", run)
    return Session("list")


def ask(session: Session, asked: ClientState | None) -> ClientState | None:
    streamlit_patches._request_or_follow(session, asked)  # type: ignore[arg-type]
    return session.run[-1]


DOCUMENTS = ClientState(page_script_hash="documents", query_string="q=1")
PRESSED = WidgetState(id="$$ID-1-verb_complete_7", trigger_value=True)
FILTER = WidgetState(id="q", string_value="Rivera")


def late(*widgets: WidgetState, is_auto_rerun: bool = False) -> ClientState:
    return ClientState(
        page_script_hash="edit_charge", fragment_id="form", is_auto_rerun=is_auto_rerun,
        widget_states=WidgetStates(widgets=widgets),
    )  # fmt: skip


def test_a_press_in_a_fragment_that_is_gone_is_handled_on_the_page_that_is_shown(
    session: Session,
) -> None:
    ask(session, DOCUMENTS)
    kept = WidgetState(id=KEPT, string_value="Which day?")

    handled = ask(session, late(PRESSED, kept, FILTER))

    assert handled is not None
    assert (handled.fragment_id, handled.page_script_hash) == ("", "documents")
    assert handled.query_string == "q=1"
    assert list(handled.widget_states.widgets) == [PRESSED, kept]


@pytest.mark.parametrize("asked", [late(FILTER), late(PRESSED, is_auto_rerun=True), late()])
def test_what_decides_nothing_in_a_fragment_that_is_gone_is_not_run(
    session: Session, asked: ClientState
) -> None:
    ask(session, DOCUMENTS)
    assert ask(session, asked) is DOCUMENTS


@pytest.mark.parametrize("asked", [late(FILTER), late(PRESSED, is_auto_rerun=True), late()])
def test_what_decides_nothing_leaves_the_page_that_was_asked_for_since(
    session: Session, asked: ClientState
) -> None:
    session.fragments.add("form")
    session._scriptrunner = Runner()
    ask(session, DOCUMENTS)
    assert ask(session, asked) is DOCUMENTS


def test_a_press_in_a_fragment_that_is_about_to_go_is_handled_on_the_page_that_was_asked_for(
    session: Session,
) -> None:
    session.fragments.add("form")
    session._scriptrunner = Runner()
    ask(session, DOCUMENTS)

    handled = ask(session, late(PRESSED, FILTER))

    assert handled is not None
    assert (handled.fragment_id, handled.page_script_hash) == ("", "documents")
    assert (handled.query_string, list(handled.widget_states.widgets)) == ("q=1", [PRESSED])


def test_a_press_in_a_fragment_that_is_shown_stays_there(session: Session) -> None:
    ask(session, DOCUMENTS)
    session._scriptrunner = Runner()
    asked = ClientState(
        page_script_hash="documents", fragment_id="list",
        widget_states=WidgetStates(widgets=[PRESSED]),
    )  # fmt: skip
    assert ask(session, asked) is asked
    assert ask(session, None) is None
