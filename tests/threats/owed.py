"""The rows of docs/threats.md that must have a test."""

OWED = frozenset(
    (
        "T01 T03 T04 T05 T06 T07 T09 T10 T14 T15 T17 T22 T43 T44 T45 T46 T48 T50 T51 T54 T55 T56"
        " T57 T59 T60 T61 T62 T63 T65 T66 T67 T68 T73"
    ).split()
)
