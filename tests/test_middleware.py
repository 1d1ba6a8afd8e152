"""What every request passes, whichever door it wants."""

import asyncio
import uuid

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from structlog.testing import capture_logs

from app import middleware
from app.middleware import RequestTime, application
from tests.graphql_schema.asking import ask

SECRET = "ana@canary.example"


async def hello(request: Request) -> Response:
    return PlainTextResponse(f"hello {len(await request.body())}")


async def own_headers(_request: Request) -> Response:
    headers = {"cache-control": "max-age=60", "content-security-policy": "default-src data:"}
    return PlainTextResponse("hello", headers=headers)


async def crash(_request: Request) -> Response:
    raise RuntimeError(SECRET)


async def crash_late(_request: Request) -> Response:
    async def parts():
        yield b"half "
        raise RuntimeError(SECRET)

    return StreamingResponse(parts())


async def sleep(_request: Request) -> Response:
    await asyncio.sleep(0.3)
    return PlainTextResponse("slept")


@pytest.fixture
def app() -> Starlette:
    return application(
        [
            Route("/hello", hello, methods=["GET", "POST"]),
            Route("/people/{name}", hello),
            Mount("/under", routes=[Route("/{name}", hello)]),
            Route("/own", own_headers),
            Route("/crash", crash),
            Route("/crash-late", crash_late),
            Route("/sleep", sleep),
            Route("/stream", sleep, middleware=[Middleware(RequestTime, seconds=None)]),
            Route("/large", hello, methods=["POST"], max_body_size=200_000),
        ],
        https=True,
    )


def test_every_answer_names_its_request(app):
    ids = {
        ask(app, "GET", path).headers["x-request-id"] for path in ("/hello", "/nowhere", "/crash")
    }
    assert len(ids) == 3
    assert all(uuid.UUID(each).version == 7 for each in ids)


def test_an_id_from_outside_is_kept_only_when_it_is_one(app):
    given = str(uuid.uuid4())
    assert (
        ask(app, "GET", "/hello", headers={"x-request-id": given}).headers["x-request-id"] == given
    )
    for smuggled in ("12025550143", "a" * 36, given.upper(), f"{given}x", "<script>", ""):
        answered = ask(app, "GET", "/hello", headers={"x-request-id": smuggled})
        assert answered.headers["x-request-id"] != smuggled


def test_cautious_headers_stand_on_every_answer_and_give_way_to_a_routes_own(app):
    for path in ("/hello", "/nowhere", "/crash"):
        headers = ask(app, "GET", path).headers
        assert headers["cache-control"] == "no-store"
        assert headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["strict-transport-security"]
    own = ask(app, "GET", "/own").headers
    assert own["cache-control"] == "max-age=60"
    assert own["content-security-policy"] == "default-src data:"


def test_without_https_nobody_is_told_to_insist_on_it():
    plain = application([Route("/hello", hello)], https=False)
    assert "strict-transport-security" not in ask(plain, "GET", "/hello").headers


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/crash", 500)])
def test_http_failures_have_the_body_of_a_graphql_error(app, path, status):
    response = ask(app, "GET", path)
    assert response.status_code == status
    [error] = response.json()["errors"]
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]
    assert SECRET not in response.text


def test_a_method_that_is_not_served_is_405_and_says_which_are(app):
    response = ask(app, "DELETE", "/hello")
    assert response.status_code == 405
    assert "POST" in response.headers["allow"]


def test_a_body_ends_at_64_kilobytes_unless_its_route_says_otherwise(app):
    for size, status in ((65_536, 200), (65_537, 413), (5_000_000, 413)):
        assert ask(app, "POST", "/hello", content=b"x" * size).status_code == status
    assert ask(app, "POST", "/large", content=b"x" * 200_000).status_code == 200
    assert ask(app, "POST", "/large", content=b"x" * 200_001).status_code == 413


def test_a_body_without_a_stated_length_ends_there_too(app):
    async def endless():
        for _ in range(100):
            yield b"x" * 1000

    assert ask(app, "POST", "/hello", content=endless()).status_code == 413


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "GZIP", "zstd"])
def test_a_compressed_body_is_refused_unread(app, encoding):
    headers = {"content-encoding": encoding}
    response = ask(app, "POST", "/hello", content=b"\x1f\x8b", headers=headers)
    assert response.status_code == 415


def test_identity_is_no_compression(app):
    headers = {"content-encoding": "identity"}
    assert ask(app, "POST", "/hello", content=b"x", headers=headers).text == "hello 1"


@pytest.fixture
def hurried(app, monkeypatch) -> Starlette:
    """The same with a tenth of a second for a request."""
    monkeypatch.setattr(middleware, "REQUEST_SECONDS", 0.1)
    return application(app.routes, https=True)


def test_a_request_that_takes_too_long_is_503_and_may_be_tried_again(hurried):
    response = ask(hurried, "GET", "/sleep")
    assert response.status_code == 503
    assert response.headers["retry-after"]
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"


def test_a_body_that_takes_too_long_is_408_and_the_connection_ends(hurried):
    async def slow():
        yield b"x"
        await asyncio.sleep(0.3)

    response = ask(hurried, "POST", "/hello", content=slow())
    assert response.status_code == 408
    assert response.headers["connection"] == "close"


def test_a_route_may_take_its_own_time(hurried):
    assert ask(hurried, "GET", "/stream").text == "slept"


def access_lines(app: Starlette, method: str, path: str) -> list[dict[str, object]]:
    with capture_logs() as logged:
        ask(app, method, path, headers={"user-agent": SECRET})
    return [line for line in logged if line["event"] == "request"]


@pytest.mark.parametrize(
    ("method", "path", "route", "status"),
    [
        ("GET", f"/hello?name={SECRET}", "/hello", 200),
        ("GET", f"/people/{SECRET}", "/people/{name}", 200),
        ("GET", f"/under/{SECRET}", "/under/{name}", 200),
        ("GET", f"/{SECRET}", "unknown", 404),
        ("DELETE", "/hello", "/hello", 405),
        ("GET", "/crash", "/crash", 500),
        (SECRET, "/hello", "/hello", 405),
    ],
)
def test_the_access_log_tells_the_route_never_what_stood_in_it(app, method, path, route, status):
    [line] = access_lines(app, method, path)
    assert (line["route"], line["status"]) == (route, status)
    assert line["method"] == (method if method != SECRET else "other")
    assert line["ms"] >= 0
    assert SECRET not in str(line)


def test_an_answer_that_breaks_off_does_not_look_whole(app):
    with pytest.raises(RuntimeError):
        ask(app, "GET", "/crash-late")
