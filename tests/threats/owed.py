"""The rows of docs/threats.md that must have a test."""

NUMBERS = (
    *(1, 3, 4, 5, 6, 7, 9, 10, 14, 15, 17, 22, 43, 44, 45, 46, 48, 50, 51),
    *(54, 55, 56, 57, 59, 60, 61, 62, 63, 65, 66, 67, 68, 73),
)
OWED = frozenset(f"T{number:02}" for number in NUMBERS)
