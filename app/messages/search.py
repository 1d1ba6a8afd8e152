"""How a search compares texts: whatever the case, the accents and the spaces between words.

Databases differ in what they call lower case, so the comparison is made here, when a broadcast
comes in and when somebody asks.
"""

import unicodedata

from app.errors import Invalid

LONGEST = 200


def searchable(text: str) -> str:
    """`" ÁRBOL  de Navidad"` -> `"arbol de navidad"`."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in apart if not unicodedata.combining(c)).split())


def containing(text: str) -> str:
    """The pattern of LIKE, escaped by a backslash, that means this text and nothing else."""
    if len(text) > LONGEST or "\0" in text:
        raise Invalid(f"A search has at most {LONGEST} characters.", path=("filter", "text"))
    pattern = searchable(text)
    for special in ("\\", "%", "_"):
        pattern = pattern.replace(special, "\\" + special)
    return f"%{pattern}%"
