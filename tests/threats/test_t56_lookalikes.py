"""T56: letters that fool the reviewer, in names and addresses."""

import unicodedata

import pytest

from app.directory.addresses import lookalikes, normalised_address
from app.directory.names import clean_name
from app.errors import Invalid

pytestmark = pytest.mark.threat("T56")

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
CONTROLS = "".join(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)))
INVISIBLE = "\u200b\u2060\ufeff\u00ad\u180e\u2028\u2029\U000e0041\ue000\ufff9"


@pytest.mark.parametrize(
    "hidden", sorted(BIDI + CONTROLS + INVISIBLE), ids=lambda c: f"U+{ord(c):04X}"
)
def test_a_name_with_a_hidden_character_is_refused_by_its_code_point(hidden: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_name(f"Marge{hidden}Simpson")
    assert f"U+{ord(hidden):04X}" in refusal.value.message


@pytest.mark.parametrize("local", ["mаrge", "ｍarge", "marge\u200d", "ﬁona"])
def test_a_mailbox_with_other_than_ascii_letters_is_refused(local: str) -> None:
    with pytest.raises(Invalid):
        normalised_address(f"{local}@example.org")


def test_a_domain_that_mixes_scripts_is_stored_so_that_it_passes_for_no_other() -> None:
    fooling = "marge@exаmple.org"  # its third letter is Cyrillic
    assert normalised_address(fooling) == "marge@xn--exmple-4nf.org"
    assert normalised_address(fooling) != "marge@example.org"


@pytest.mark.parametrize("letter", "аеорсухѕіјԁαονρτυχι")
def test_the_reviewer_is_told_the_letter_that_looks_like_another(letter: str) -> None:
    said = lookalikes(f"marge@ex{letter}mple.org")
    assert said == [f"U+{ord(letter):04X} {unicodedata.name(letter)}"]
    stored = normalised_address(f"marge@ex{letter}mple.org")
    assert lookalikes(stored) == said
