"""Answers that are kept: the same as those asked for, and never more than allowed."""

from dataclasses import replace

import pandas as pd

from and_core.store.answers import Answers
from and_core.store.connection import Store


def test_a_question_asked_again_is_not_run_again(store: Store) -> None:
    first = store.query("SELECT random() AS drawn")
    assert store.query("SELECT random() AS drawn")["drawn"].tolist() == first["drawn"].tolist()
    forgetful = replace(store, answers=Answers(cells=0))
    drawn = {forgetful.query("SELECT random() AS drawn")["drawn"].iloc[0] for _ in range(3)}
    assert len(drawn) == 3


def test_other_parameters_are_another_question(store: Store) -> None:
    assert [store.query("SELECT ? AS said", [said])["said"].iloc[0] for said in ("a", "b", "a")] == ["a", "b", "a"]


def test_what_an_asker_does_to_an_answer_does_not_reach_the_next(store: Store) -> None:
    for _ in range(2):
        answer = store.query("SELECT name, neuron_count FROM network ORDER BY name")
        assert answer.values.tolist() == [["other", 2], ["small", 5]]
        answer.loc[0, "name"] = "changed"
        answer["neuron_count"] += 1


def test_the_answers_asked_for_longest_ago_go_first_and_large_ones_are_not_kept() -> None:
    answers = Answers(cells=9, largest=3)
    for question in "abc":
        answers.keep((question, ""), pd.DataFrame({"x": [1, 2]}))
    assert answers.find(("a", "")) is not None
    answers.keep(("d", ""), pd.DataFrame({"x": [1, 2]}))
    kept = [question for question in "abcd" if answers.find((question, "")) is not None]
    assert kept == ["a", "c", "d"]
    answers.keep(("large", ""), pd.DataFrame({"x": [1, 2, 3, 4]}))
    assert answers.find(("large", "")) is None
