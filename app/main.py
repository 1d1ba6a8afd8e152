"""The application put together: which doors there are, and what they share."""

import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.routing import BaseRoute, Route

from app.config import Settings
from app.database import Database
from app.health import health_routes
from app.middleware import application
from app.outbox.routes import outbox_routes
from auth.bearer import identify
from auth.routes import auth_routes
from auth.tokens import AccessTokens
from graphql_schema.context import Context
from graphql_schema.execution import Execution
from graphql_schema.explorer import explorer_files, explorer_page
from graphql_schema.http import GraphQLEndpoint
from graphql_schema.schema import schema


def create_app(settings: Settings, database: Database | None = None) -> Starlette:
    """The portal for these settings; a database given is the caller's to dispose of."""
    shared = database or Database(settings.database_url)
    tokens = AccessTokens(shared, settings)
    endpoint = graphql_endpoint(settings, shared, tokens)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        endpoint.close()
        if shared is not database:
            shared.dispose()

    routes: list[BaseRoute] = [
        Route("/graphql", endpoint.respond, methods=["GET", "POST"]),
        *health_routes(shared),
        *auth_routes(shared, settings, tokens),
        *outbox_routes(shared, settings),
    ]
    if settings.development:
        routes.append(explorer_files())
    https = settings.public_url.startswith("https:")
    return application(routes, https=https, lifespan=lifespan)


def graphql_endpoint(
    settings: Settings, database: Database, tokens: AccessTokens
) -> GraphQLEndpoint:
    """GraphQL over HTTP; what the schema tells about itself, it tells in development only."""

    def open_context(authorization: str | None, request_id: str) -> Context:
        actor = identify(database, tokens, authorization)
        return Context(database=database, actor=actor, request_id=request_id, settings=settings)

    execution = Execution(schema, open_context, introspection=settings.development)
    return GraphQLEndpoint(execution, explorer_page() if settings.development else None)
