"""What may stand in a person's name."""

import unicodedata

from app.errors import Invalid

LONGEST = 200
# Format characters that scripts need to be spelled right: zero-width joiner and non-joiner.
JOINERS = "\u200c\u200d"
HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")


def clean_name(text: str) -> str:
    """The name in composed form (NFC) with single spaces.

    Raises Invalid on control characters, line ends, marks that turn the direction of reading,
    and whatever else nobody can see: such a name is made to fool its reader (UTS 36).
    """
    name = " ".join(part for part in unicodedata.normalize("NFC", text).split(" ") if part)
    if len(name) > LONGEST:
        raise Invalid(f"A name has at most {LONGEST} characters.")
    if hidden := hidden_characters(name):
        raise Invalid(f"A name cannot hold the hidden character {hidden[0]}.")
    return name


def hidden_characters(text: str) -> list[str]:
    """Those that nobody can see, each as `U+202E`."""
    if text.isascii() and text.isprintable():
        return []
    return [code_point(character) for character in text if _is_hidden(character)]


def shown(text: str) -> str:
    """The text with a mark in place of each hidden character, for what must be kept anyhow."""
    return "".join("\ufffd" if _is_hidden(character) else character for character in text)


def _is_hidden(character: str) -> bool:
    return unicodedata.category(character) in HIDDEN and character not in JOINERS


def code_point(character: str) -> str:
    return f"U+{ord(character):04X}"
