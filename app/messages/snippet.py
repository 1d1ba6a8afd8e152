"""The beginning of a message, for a list."""

LONGEST = 120


def snippet(body: str) -> str:
    """One line of at most 120 characters; where it was cut it ends at a word, with an ellipsis."""
    line = " ".join(body.split())
    if len(line) <= LONGEST:
        return line
    words = line[:LONGEST].rpartition(" ")[0] or line[: LONGEST - 1]
    return words + "…"
