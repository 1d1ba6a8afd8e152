"""Which media type an answer takes, by the Accept header (RFC 9110, 12.5.1)."""

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
HTML = "text/html"
# No client says more; what a hostile one adds is not read.
LONGEST = 1_000


class Accepted:
    """What a client can read, with its preferences; an empty header means anything."""

    def __init__(self, header: str) -> None:
        self._ranges = dict(_range(part) for part in (header[:LONGEST] or "*/*").split(","))

    def names(self, media_type: str) -> bool:
        """By its name, not by a wildcard."""
        return self._ranges.get(media_type, 0) > 0

    def quality(self, media_type: str) -> float:
        kind = media_type.partition("/")[0]
        for media_range in (media_type, f"{kind}/*", "*/*"):
            if media_range in self._ranges:
                return self._ranges[media_range]
        return 0

    def prefers_page(self) -> bool:
        """A browser, not a client of the API."""
        return self.names(HTML) and self.quality(HTML) >= self.quality(JSON)

    def graphql_type(self) -> str | None:
        """The type to answer in: JSON unless the newer type is named; None if it reads neither."""
        newer, plain = self.quality(GRAPHQL_JSON), self.quality(JSON)
        if plain and not (self.names(GRAPHQL_JSON) and newer >= plain):
            return JSON
        return GRAPHQL_JSON if newer else None


def is_utf8_json(content_type: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return kind == JSON and all(
        parameter.replace('"', "") in ("charset=utf-8", "") for parameter in parameters
    )


def _range(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    given = next((p.removeprefix("q=") for p in parameters if p.startswith("q=")), "1")
    try:
        return media_range, float(given)
    except ValueError:
        return media_range, 0
