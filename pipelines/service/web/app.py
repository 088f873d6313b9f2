"""The application: its routes, who may ask them, and what is around each request."""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from features.errors import HoldfastError
from pipelines.service.settings import Settings
from pipelines.service.web import openapi, raw_bodies
from pipelines.service.web.answering import Answering, plain
from pipelines.service.web.desk_protocol import Desk
from pipelines.service.web.envelope import Envelope
from pipelines.service.web.errors import said
from pipelines.service.web.keys import DESK, READ, WRITE, Keys, LookUp, check
from pipelines.service.web.rates import Rates

Answer = Callable[[Request], Awaitable[Response]]
EVERY = (READ, WRITE, DESK)


def made(desks: Mapping[str, Desk], *, keys: LookUp | None, settings: Settings) -> FastAPI:
    """The application of these desks by spec; keys gives a key's name and role, or None for one that is unknown.

    Without keys anybody may ask anything, who names this machine as the host.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    known, rates, answers = Keys(keys), Rates(settings.rate), Answering(desks, settings)
    described = openapi.described(settings)

    async def shown(request: Request) -> Response:
        raw_bodies.query(request, ())
        return plain(described)

    def add(method: str, path: str, answer: Answer, roles: tuple[str, ...]) -> None:
        async def asked(request: Request) -> Response:
            name, role = await known.holder(request.headers)
            request.scope["key"] = name
            rates.count(name)
            check(name, role, roles)
            return await answer(request)

        app.add_api_route(path, asked if roles else answer, methods=[method], response_model=None)

    add("GET", "/health", answers.health, ())
    add("GET", "/ready", answers.ready, EVERY)
    add("GET", "/version", answers.version, EVERY)
    add("GET", "/metrics", answers.metrics, EVERY)
    add("GET", "/openapi.json", shown, EVERY)
    add("GET", "/columns", answers.columns, EVERY)
    add("GET", "/list", answers.listed, EVERY)
    add("GET", "/customers/{customer_id:path}", answers.customer, EVERY)
    add("POST", "/score", answers.score, EVERY)
    add("POST", "/events", answers.events, (WRITE,))
    add("POST", "/actions", answers.actions, (DESK,))
    app.add_exception_handler(HoldfastError, said)
    app.add_exception_handler(HTTPException, said)
    app.add_middleware(Envelope, in_flight=settings.in_flight)
    return app
