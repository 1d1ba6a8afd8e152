"""Texts for people, in their language: gettext catalogues read as they stand in app/locale."""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("en", "es")


@cache
def translations(language: str) -> NullTranslations:
    """The catalogue of a BCP 47 tag, else of its base language; English is in the code."""
    base = language.split("-", maxsplit=1)[0].lower()
    file = LOCALE / base / "LC_MESSAGES" / "portal.po"
    if base not in LANGUAGES or not file.exists():
        return NullTranslations()
    compiled = io.BytesIO()
    with file.open("rb") as source:
        write_mo(compiled, read_po(source, locale=base))
    compiled.seek(0)
    return Translations(compiled)


def say(language: str, text: str, **values: object) -> str:
    """`text` (English) in that language; {name} places are filled where values are given."""
    said = str(translations(language).gettext(text))
    return said.format(**values) if values else said


def locale_of(language: str) -> str:
    """The locale for dates and lists: one we have texts for."""
    base = language.split("-", maxsplit=1)[0].lower()
    return base if base in LANGUAGES else "en"
