"""Every text the portal says is there in every language, with the same places to fill."""

import ast
import re
from pathlib import Path

import pytest

from app.changes.notices import NEW_ADDRESS, SAID
from app.consent.disclosures import TEXTS
from app.consent.wording import BY, WHY, WHY_NOT
from app.translation import LANGUAGES, LOCALE, say, translations
from auth.letters import CODE, OPENED

ROOT = LOCALE.parent.parent
TABLES = (*SAID.values(), *TEXTS.values(), *BY.values(), *WHY.values(), *WHY_NOT.values())
PLACES = re.compile(r"\{\w+\}")


def said_in_code() -> set[str]:
    """The literal second arguments of `say(language, "…")`."""
    found = set()
    for file in [*(ROOT / "app").rglob("*.py"), *(ROOT / "auth").rglob("*.py")]:
        for node in ast.walk(ast.parse(Path(file).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say":
                text = node.args[1]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    found.add(text.value)
    return found


EVERY_TEXT = sorted({*TABLES, NEW_ADDRESS, CODE, OPENED, *said_in_code()})


def test_the_texts_are_found():
    """The search would notice if `say` were called something else."""
    assert len(EVERY_TEXT) > 40


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
@pytest.mark.parametrize("text", EVERY_TEXT)
def test_a_text_is_said_in_the_readers_language(language, text):
    """Nothing falls back to English, and no place to fill is lost."""
    translated = str(translations(language).gettext(text))
    assert translated != text
    assert sorted(PLACES.findall(translated)) == sorted(PLACES.findall(text))


def test_a_language_tag_finds_its_base_language():
    """es-MX reads the Spanish texts; a language nobody translated reads English."""
    assert say("es-MX", "the school") == "la escuela"
    assert say("xx", "the school") == "the school"


def test_braces_of_other_people_are_left_alone():
    """A message with a value in it is not filled a second time."""
    assert say("en", "no {such} place") == "no {such} place"
