"""Two questions of a load balancer: does the process live, and can it serve?"""

import structlog
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import migrations
from app.database import Database

log = structlog.get_logger("health")


def health_routes(database: Database) -> list[Route]:
    """`/healthz`: 200 while the process lives. `/readyz`: 200 while it can serve, else 503."""

    async def live(_request: Request) -> Response:
        return JSONResponse({"status": "live"})

    def ready(_request: Request) -> Response:
        trouble = _trouble(database)
        if trouble:
            return JSONResponse({"status": trouble}, 503)
        return JSONResponse({"status": "ready"})

    return [Route("/healthz", live), Route("/readyz", ready)]


def _trouble(database: Database) -> str | None:
    try:
        return (
            None
            if migrations.is_current(database.engine)
            else "the database needs `portal migrate`"
        )
    except Exception:
        log.warning("the database does not answer", exc_info=True)
        return "the database does not answer"
