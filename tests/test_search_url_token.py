"""Words under an id: a person's own, and not without end."""

from __future__ import annotations

from lib.ui.search_url_token import MAX_KEPT, SearchWords, is_id

ANA, CARLA = 1, 2


def test_the_same_words_of_one_person_have_one_id_and_anothers_have_another() -> None:
    kept = SearchWords()

    assert kept.keep(ANA, "Rivera") == kept.keep(ANA, "Rivera")
    assert kept.keep(ANA, "Rivera") != kept.keep(CARLA, "Rivera")
    assert kept.find(ANA, kept.keep(ANA, "Rivera")) == "Rivera"
    assert kept.find(CARLA, kept.keep(ANA, "Rivera")) is None


def test_an_id_is_not_hidden_again_and_words_are_words() -> None:
    kept = SearchWords()
    name = kept.keep(ANA, "Rivera")

    assert is_id(name)
    assert kept.keep(ANA, name) == name
    assert kept.find(ANA, "Rivera") == "Rivera"
    assert kept.keep(ANA, "") == ""


def test_what_was_searched_for_longest_ago_is_forgotten_first() -> None:
    kept = SearchWords()
    first, second = kept.keep(ANA, "first"), kept.keep(ANA, "second")
    for place in range(MAX_KEPT - 2):
        kept.keep(ANA, str(place))
    kept.find(ANA, first)
    kept.keep(ANA, "one more")

    assert kept.find(ANA, first) == "first"
    assert kept.find(ANA, second) is None
    assert kept.find(ANA, kept.keep(ANA, "second")) == "second"
