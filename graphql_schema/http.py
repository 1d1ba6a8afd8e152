"""GraphQL over HTTP: the endpoint reads a request, hands it to one thread, sends the answer.

Status and media type follow the GraphQL-over-HTTP specification. A client that asks for
`application/json` by name gets 200 for every well-formed request, as the older clients need;
any other client gets the true status.
"""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import orjson
from starlette.requests import Request
from starlette.responses import Response

from app.failures import failure
from graphql_schema.execution import Answer, Execution
from graphql_schema.negotiation import GRAPHQL_JSON, JSON, Accepted, is_utf8_json
from graphql_schema.parameters import Parameters, read_body, read_query_string

THREADS = 4


class GraphQLEndpoint:
    """POST and GET on one path. `explorer` is the page for a browser, in development."""

    def __init__(self, execution: Execution, explorer: Response | None = None) -> None:
        self._execution = execution
        self._explorer = explorer
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="graphql")

    def close(self) -> None:
        """Wait for what still runs."""
        self._threads.shutdown()

    async def respond(self, request: Request) -> Response:
        accepted = Accepted(",".join(request.headers.getlist("accept")))
        by_post = request.method == "POST"
        if self._explorer and not by_post and accepted.prefers_page():
            return self._explorer
        refusal = self._refusal(request, accepted, by_post=by_post)
        if refusal:
            return refusal
        read = (
            partial(read_body, await request.body())
            if by_post
            else partial(read_query_string, request.scope["query_string"])
        )
        return _response(await self._answer(read, request, by_post=by_post), accepted)

    def _refusal(self, request: Request, accepted: Accepted, *, by_post: bool) -> Response | None:
        refuse = partial(failure, request_id=request.state.request_id)
        named = accepted.names(GRAPHQL_JSON) or accepted.names(JSON)
        if by_post and not is_utf8_json(request.headers.get("content-type", "")):
            return refuse(415, f"Send the request as {JSON}, in UTF-8.")
        if accepted.graphql_type() is None:
            return refuse(406, f"Answers come as {GRAPHQL_JSON} or as {JSON}.")
        if not by_post and not named and not self._explorer:
            # No link, image or form of another site can name a media type.
            return refuse(406, f"A GET must name its media type: Accept: {GRAPHQL_JSON}.")
        return None

    async def _answer(
        self, read: Callable[[], Parameters], request: Request, *, by_post: bool
    ) -> Answer:
        run = partial(
            self._execution.answer,
            read,
            by_get=not by_post,
            authorization=request.headers.get("authorization"),
            id=request.state.request_id,
        )
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, contextvars.copy_context().run, run)


def _response(answer: Answer, accepted: Accepted) -> Response:
    media_type = accepted.graphql_type()
    older_client = media_type == JSON and accepted.names(JSON)
    status = 200 if answer.document_refused and older_client else answer.status
    headers = {**answer.headers, "vary": "accept", "content-type": f"{media_type}; charset=utf-8"}
    return Response(orjson.dumps(answer.body), status, headers)
