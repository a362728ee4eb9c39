"""A question, answer or note that is typed is a draft until it is sent."""

from __future__ import annotations

from lib import drafts, tasks
from lib.drafts import Form
from lib.models import Person
from lib.store.database import Connection, Store
from lib.ui import kept_text
from lib.ui.kept_text import Text
from tests.conftest import Cast
from tests.given import add_task


def field(served: Store, cast: Cast) -> Text:
    con = served.connection()
    task_id = add_task(con, cast.practice)
    return Text(Form.QUESTION, tasks.get(con, task_id, actor=cast.ana))


def kept(con: Connection, state: Text, actor: Person) -> list[str]:
    found = drafts.kept(con, state.task.id, form=state.form, actor=actor)
    return [draft.content["text"] for draft in found]


def test_what_is_typed_is_a_draft_of_its_own_form_and_person(served: Store, cast: Cast) -> None:
    con, state = served.connection(), field(served, cast)
    state.text = "Which day?"

    kept_text.keep(state, cast.ana)

    assert kept(con, state, cast.ana) == ["Which day?"]
    assert kept(con, state, cast.ben) == []
    assert drafts.kept(con, state.task.id, form=Form.NOTE, actor=cast.ana) == []


def test_a_field_that_is_emptied_has_no_draft(served: Store, cast: Cast) -> None:
    con, state = served.connection(), field(served, cast)
    state.text = "Which day?"
    kept_text.keep(state, cast.ana)

    state.text = "  "
    kept_text.keep(state, cast.ana)

    assert kept(con, state, cast.ana) == []


def test_what_was_sent_begins_anew_under_another_key(served: Store, cast: Cast) -> None:
    state = field(served, cast)
    state.text = "Which day?"
    kept_text.keep(state, cast.ana)
    key = state.key

    kept_text.sent(state)

    assert (state.text, state.kept, state.seen) == ("", "", None)
    assert state.key != key


def test_a_field_filled_from_a_draft_sends_that_draft_with_its_own(
    served: Store, cast: Cast
) -> None:
    con, state = served.connection(), field(served, cast)
    state.text = "Which day?"
    kept_text.keep(state, cast.ana)
    (draft,) = drafts.kept(con, state.task.id, form=state.form, actor=cast.ana)

    again = Text(Form.QUESTION, state.task)
    kept_text._fill(again, draft)

    assert again.text == "Which day?"
    assert again.drafts_sent == [again.token, state.token]


def test_discarding_another_draft_leaves_ones_own(served: Store, cast: Cast) -> None:
    con, state = served.connection(), field(served, cast)
    other = Text(Form.QUESTION, state.task, "Other tab")
    kept_text.keep(other, cast.ana)
    state.text = "Mine"
    kept_text.keep(state, cast.ana)
    found = drafts.kept(con, state.task.id, form=state.form, actor=cast.ana)
    state.others = tuple(each for each in found if each.writer == other.token)

    assert kept_text._discard(state, state.others[0], cast.ana) == "That draft is discarded."

    assert state.others == ()
    assert kept(con, state, cast.ana) == ["Mine"]


def test_why_a_text_is_not_kept_is_said_beside_it(served: Store, cast: Cast) -> None:
    state = field(served, cast)
    state.text = "Which day?"

    kept_text.keep(state, cast.carla)

    assert state.not_kept
    assert state.kept == ""
