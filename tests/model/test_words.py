"""The catalogue says everything in both languages, with the same places to fill."""

import string

import pytest

from gridmap.model.words import Text, catalogue, say, words


def places(text):
    return sorted({field for _, field, _, _ in string.Formatter().parse(text) if field is not None})


@pytest.mark.parametrize("key", catalogue())
def test_both_languages_say_it_with_the_same_places(key):
    text = catalogue()[key]
    assert text.zh.strip()
    assert text.en.strip()
    assert places(text.zh) == places(text.en)


def test_a_value_is_said_in_each_language_and_its_braces_stay():
    said = words("owner.absent", name="{0}甲", reason=Text("年假", "leave"))
    assert said == Text("{0}甲不在岗（年假）", "{0}甲 is away (leave)")
    assert say("owner.vacant", "zh") == "岗位空缺"


def test_an_unknown_word_is_a_mistake_of_ours():
    with pytest.raises(KeyError):
        words("owner.nonsense")


@pytest.mark.parametrize("value", [None, 3, {"zh": "甲"}, {"zh": "甲", "en": 3}, ["甲"]])
def test_a_text_needs_both_languages(value):
    with pytest.raises(ValueError, match="zh and en"):
        Text.of(value)


def test_a_plain_string_serves_both():
    assert Text.of("A1") == Text("A1", "A1")
