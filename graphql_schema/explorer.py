"""GraphiQL for development, served from this package: nothing is fetched from elsewhere."""

from pathlib import Path

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

FILES = Path(__file__).parent / "graphiql"
# Its editor sets styles from script, and its fonts stand in the style sheet.
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
)


def explorer_page() -> Response:
    page = (FILES / "explorer.html").read_text()
    return HTMLResponse(page, headers={"content-security-policy": POLICY})


def explorer_files() -> Mount:
    return Mount("/graphql/explorer", StaticFiles(directory=FILES))
