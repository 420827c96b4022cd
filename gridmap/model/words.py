"""Texts in two languages, and the catalogue of the words that gridmap itself says.

Data carries its own texts as a pair (`Text`); words of pages, maps, commands and reasons stand once in
``catalogue.toml``, so that a translator edits one file and no page can say a thing in one language only.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Self

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """The same thing said in Chinese and in English."""

    zh: str
    en: str

    @classmethod
    def of(cls, value: object) -> Self:
        """Read ``{"zh": …, "en": …}``; a plain string serves both languages."""
        if isinstance(value, str):
            return cls(value, value)
        if isinstance(value, dict) and isinstance(value.get("zh"), str) and isinstance(value.get("en"), str):
            return cls(value["zh"], value["en"])
        raise ValueError(f"a text needs zh and en, not {value!r}")

    def to_dict(self) -> dict[str, str]:
        """Both languages, as the HTTP answers carry them."""
        return {"zh": self.zh, "en": self.en}

    def format(self, **values: Any) -> "Text":  # noqa: ANN401 - whatever can be formatted
        """Fill the places in both languages; a `Text` value is said in each one's own."""
        if not any(isinstance(value, Text) for value in values.values()):
            return Text(self.zh.format_map(values), self.en.format_map(values))
        said = {
            lang: {k: getattr(v, lang) if isinstance(v, Text) else v for k, v in values.items()} for lang in LANGUAGES
        }
        return Text(self.zh.format_map(said["zh"]), self.en.format_map(said["en"]))


@cache
def catalogue() -> dict[str, Text]:
    """All words of gridmap by key, ``section.key``."""
    raw = tomllib.loads(files("gridmap.model").joinpath("catalogue.toml").read_text(encoding="utf-8"))
    return {f"{section}.{key}": Text.of(text) for section, words in raw.items() for key, text in words.items()}


def words(key: str, **values: Any) -> Text:  # noqa: ANN401 - whatever can be formatted
    """Look a text of the catalogue up and fill its places."""
    text = catalogue()[key]
    return text.format(**values) if values else text


def say(key: str, lang: Language, **values: Any) -> str:  # noqa: ANN401 - whatever can be formatted
    """Look a text of the catalogue up in one language and fill its places."""
    said: str = getattr(words(key, **values), lang)
    return said
