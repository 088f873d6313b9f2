"""The application: its routes, who may ask them, and what is around each request."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope

from features.errors import HoldfastError
from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import openapi, raw_bodies
from pipelines.jobs.service.web.answering import Answering, plain
from pipelines.jobs.service.web.desk_protocol import Desk
from pipelines.jobs.service.web.envelope import Envelope
from pipelines.jobs.service.web.errors import refusal
from pipelines.jobs.service.web.keys import DESK, READ, WRITE, Keys, LookUp, check
from pipelines.jobs.service.web.rates import Rates

Answer = Callable[[Request], Awaitable[Response]]
EVERY = (READ, WRITE, DESK)


class NamedRoute(Route):
    """A route whose template the request's scope has from then on, for the log and metrics."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As in Starlette."""
        match, found = super().matches(scope)
        return match, found if match == Match.NONE else {**found, "template": self.path_format}


def made(desks: Mapping[str, Desk], *, keys: LookUp | None, settings: Settings) -> Starlette:
    """The application of these desks by spec; keys gives a key's name and role, or None for one that is unknown.

    Without keys anybody may ask anything, who names this machine as the host.
    """
    known, rates, answers = Keys(keys), Rates(settings.rate), Answering(desks, settings)

    def route(method: str, path: str, answer: Answer, roles: tuple[str, ...] = EVERY) -> NamedRoute:
        async def asked(request: Request) -> Response:
            name, role = await known.holder(request.headers)
            request.scope["key"] = name
            rates.count(name)
            check(name, role, roles)
            return await answer(request)

        return NamedRoute(path, asked, methods=[method])

    routes = [
        route("POST", "/score", answers.score),
        route("POST", "/events", answers.events, (WRITE,)),
        route("POST", "/actions", answers.actions, (DESK,)),
        route("GET", "/customers/{customer_id:path}", answers.customer),
        route("GET", "/list", answers.listed),
        route("GET", "/columns", answers.columns),
        route("GET", "/ready", answers.ready),
        route("GET", "/version", answers.version),
        route("GET", "/metrics", answers.metrics),
        route("GET", "/openapi.json", _shown(openapi.described(settings))),
        NamedRoute("/health", answers.health, methods=["GET"]),
    ]
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Envelope, in_flight=settings.in_flight)],
        exception_handlers={HoldfastError: refusal, HTTPException: refusal},
    )
    app.router.redirect_slashes = False
    return app


def _shown(document: openapi.Plain) -> Answer:
    async def shown(request: Request) -> Response:
        raw_bodies.query(request, ())
        return plain(document)

    return shown
