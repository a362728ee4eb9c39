from __future__ import annotations

from collections.abc import Callable

import pytest

from lib import notes, tasks, workflow
from lib.errors import AlreadyCompleted, NoSuchTask, NotAllowed, NothingWritten
from lib.models import Channel, Person, Turn
from lib.store.database import Connection, transaction
from tests.conftest import NOON, Cast
from tests.given import add_task, minutes, story

Verb = Callable[..., None]
VERBS = [notes.ask, notes.answer, notes.write_from_biller]


def who_may(verb: Verb, cast: Cast) -> Person:
    return cast.ana if verb is notes.ask else cast.dora


def texts(con: Connection, task_id: int, actor: Person) -> list[tuple[Channel, str, str]]:
    return [
        (note.channel, note.author, note.text) for note in notes.notes(con, task_id, actor=actor)
    ]


def test_a_question_assigns_the_task_and_gives_the_turn_to_the_biller(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)

    notes.ask(con, task_id, "  Which code? ", token="a", actor=cast.ana, now=minutes(1))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.turn, task.assignee_name) == (Turn.BILLER, "Ana")
    (note,) = notes.notes(con, task_id, actor=cast.ana)
    assert (note.channel, note.text, note.author, note.written_at) == (
        Channel.QUESTION, "Which code?", "Ana", minutes(1),
    )  # fmt: skip
    assert [line[0] for line in story(con, task_id)] == ["asked", "assigned"]


def test_a_question_of_somebody_else_leaves_the_task_with_who_has_it(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)

    notes.ask(con, task_id, "Which code?", token="a", actor=cast.ana, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).assignee_name == "Ben"


def test_an_answer_gives_the_turn_back_to_the_practice(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    notes.ask(con, task_id, "Which code?", token="a", actor=cast.ana, now=NOON)

    notes.answer(con, task_id, "E11.9", token="b", actor=cast.dora, now=minutes(1))

    task = tasks.get(con, task_id, actor=cast.ana)
    assert (task.turn, task.assignee_name) == (Turn.PRACTICE, "Ana")
    assert texts(con, task_id, cast.ana) == [
        (Channel.QUESTION, "Ana", "Which code?"),
        (Channel.QUESTION, "Dora", "E11.9"),
    ]
    assert story(con, task_id)[-1] == ("answered", None, None, None, None, "Dora")


def answered(con: Connection, cast: Cast) -> int:
    """Return a task of which the biller answered a question, which the practice has not read
    yet."""
    task_id = add_task(con, cast.practice)
    notes.ask(con, task_id, "Which code?", token="a", actor=cast.ana, now=NOON)
    notes.answer(con, task_id, "E11.9", token="b", actor=cast.dora, now=NOON)
    return task_id


@pytest.mark.parametrize(
    ("act", "stays"),
    [
        (lambda con, task_id, cast: None, True),
        (
            lambda con, task_id, cast: notes.comment(
                con, task_id, "See the answer.", token="c", actor=cast.ana, now=NOON
            ),
            True,
        ),
        (
            lambda con, task_id, cast: workflow.assign(
                con, task_id, to=cast.ben.id, seen=cast.ana.id, actor=cast.ana, now=NOON
            ),
            True,
        ),
        (
            lambda con, task_id, cast: notes.ask(
                con, task_id, "And which day?", token="c", actor=cast.ana, now=NOON
            ),
            False,
        ),
        (
            lambda con, task_id, cast: workflow.start(con, task_id, actor=cast.ana, now=NOON),
            False,
        ),
        (
            lambda con, task_id, cast: workflow.take_over(
                con, task_id, seen=cast.ana.id, actor=cast.ben, now=NOON
            ),
            False,
        ),
    ],
    ids=["nothing", "comment", "assign", "ask", "start", "take over"],
)
def test_a_task_stands_as_answered_until_the_practice_acts_on_it(
    con: Connection, cast: Cast, act: Callable[..., None], stays: bool
) -> None:
    task_id = answered(con, cast)

    act(con, task_id, cast)

    assert tasks.get(con, task_id, actor=cast.ana).is_answered is stays


def test_work_on_a_started_task_takes_up_the_answer_that_came_meanwhile(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    notes.ask(con, task_id, "Which code?", token="a", actor=cast.ana, now=NOON)
    notes.answer(con, task_id, "E11.9", token="b", actor=cast.dora, now=NOON)
    assert tasks.get(con, task_id, actor=cast.ana).is_answered

    workflow.start(con, task_id, actor=cast.ana, now=NOON)  # Continue Task

    assert not tasks.get(con, task_id, actor=cast.ana).is_answered


def test_a_start_that_is_undone_leaves_the_task_answered_as_it_was(
    con: Connection, cast: Cast
) -> None:
    task_id, other = answered(con, cast), add_task(con, cast.practice)
    for each in (task_id, other):
        workflow.start(con, each, actor=cast.ana, now=NOON)
        workflow.undo_start(con, each, actor=cast.ana, now=NOON)

    assert tasks.get(con, task_id, actor=cast.ana).is_answered
    assert not tasks.get(con, other, actor=cast.ana).is_answered


def test_the_biller_writes_notes_even_when_the_task_is_completed(
    con: Connection, cast: Cast
) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ana, now=NOON)
    workflow.complete(con, task_id, note="Faxed.", token="t", actor=cast.ana, now=NOON)

    notes.write_from_biller(con, task_id, "Thanks.", token="n", actor=cast.dora, now=minutes(1))

    assert texts(con, task_id, cast.ana) == [
        (Channel.TO_BILLER, "Ana", "Faxed."),
        (Channel.FROM_BILLER, "Dora", "Thanks."),
    ]
    assert story(con, task_id)[-1][0] == "noted from the biller"


def test_notes_to_the_biller_that_say_nothing_are_not_written(con: Connection, cast: Cast) -> None:
    task = tasks.get(con, add_task(con, cast.practice), actor=cast.ana)

    with transaction(con):
        notes.add_to_biller(con, task, " \n ", actor=cast.ana, now=NOON)

    assert (texts(con, task.id, cast.ana), story(con, task.id)) == ([], [])


@pytest.mark.parametrize("verb", VERBS)
def test_the_same_form_sent_twice_is_written_once(con: Connection, cast: Cast, verb: Verb) -> None:
    task_id = add_task(con, cast.practice)

    for _ in range(2):
        verb(con, task_id, "Hello", token="same", actor=who_may(verb, cast), now=NOON)

    assert len(texts(con, task_id, cast.ana)) == 1


@pytest.mark.parametrize("verb", VERBS)
def test_another_text_in_a_form_that_was_sent_is_written_too(
    con: Connection, cast: Cast, verb: Verb
) -> None:
    task_id = add_task(con, cast.practice)

    for text in ("Hello", "Hello", "One more thing"):
        verb(con, task_id, text, token="same", actor=who_may(verb, cast), now=NOON)

    assert len(texts(con, task_id, cast.ana)) == 2


@pytest.mark.parametrize("verb", VERBS)
def test_an_empty_text_is_refused_and_the_form_can_be_sent_again(
    con: Connection, cast: Cast, verb: Verb
) -> None:
    task_id, actor = add_task(con, cast.practice), who_may(verb, cast)

    with pytest.raises(NothingWritten, match="first"):
        verb(con, task_id, " \n", token="same", actor=actor, now=NOON)
    verb(con, task_id, "Hello", token="same", actor=actor, now=NOON)

    assert len(texts(con, task_id, cast.ana)) == 1


@pytest.mark.parametrize("verb", [notes.ask, notes.answer])
def test_a_completed_task_is_no_longer_discussed(con: Connection, cast: Cast, verb: Verb) -> None:
    task_id = add_task(con, cast.practice)
    workflow.start(con, task_id, actor=cast.ben, now=NOON)
    workflow.complete(con, task_id, note="Done.", token="t", actor=cast.ben, now=NOON)

    with pytest.raises(AlreadyCompleted, match="Ben has completed"):
        verb(con, task_id, "Hello", token="a", actor=who_may(verb, cast), now=NOON)


def test_each_side_writes_on_its_own_side_only(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    refused = [
        (notes.ask, cast.dora), (notes.ask, cast.alan), (notes.answer, cast.ana),
        (notes.answer, cast.alan), (notes.write_from_biller, cast.ben),
        (notes.write_from_biller, cast.alan),
    ]  # fmt: skip

    for verb, actor in refused:
        with pytest.raises(NotAllowed):
            verb(con, task_id, "Hello", token="a", actor=actor, now=NOON)

    assert (texts(con, task_id, cast.ana), story(con, task_id)) == ([], [])


@pytest.mark.parametrize("verb", VERBS)
def test_another_practice_writes_nothing(con: Connection, cast: Cast, verb: Verb) -> None:
    task_id = add_task(con, cast.practice)

    with pytest.raises(NoSuchTask):
        verb(con, task_id, "Hello", token="a", actor=cast.carla, now=NOON)

    assert texts(con, task_id, cast.ana) == []


def test_notes_come_as_they_were_written_also_where_a_clock_steps_back(
    con: Connection, cast: Cast
) -> None:
    task_id, other = add_task(con, cast.practice), add_task(con, cast.practice)
    notes.ask(con, task_id, "first", token="a", actor=cast.ana, now=minutes(2))
    notes.ask(con, task_id, "second", token="b", actor=cast.ana, now=minutes(1))
    notes.ask(con, other, "elsewhere", token="c", actor=cast.ana, now=minutes(1))

    assert [note.text for note in notes.notes(con, task_id, actor=cast.ana)] == ["first", "second"]


def test_another_practice_reads_no_note(con: Connection, cast: Cast) -> None:
    task_id = add_task(con, cast.practice)
    notes.ask(con, task_id, "Which code?", token="a", actor=cast.ana, now=minutes(1))

    assert notes.notes(con, task_id, actor=cast.carla) == []
