"""/openapi.json: every route with its parameters, bodies, answers, errors and examples."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import answers, bodies, examples
from pipelines.jobs.service.web.raw_bodies import ARROW, JSON, LONGEST_ID, LONGEST_SPEC

Plain = dict[str, Any]
# The statuses that any route with a key may answer, and those of a body.
OF_ANY = {400: "It cannot be read.", 401: "No key, or none that is known.", 403: "The key's role may not do this."}
OF_LOAD = {429: "Too many requests of this key.", 500: "Unforeseen.", 503: "Not ready, or a database does not answer."}
OF_BODY = {408: "The body came too slowly.", 413: "The body is too large.", 415: "A type that is not taken."}
NOT_FOUND, REFUSED = {404: "No such spec or customer."}, {422: "It can be read, and is refused."}
CONFLICT = {409: "It contradicts what is kept."}
BINARY = {"type": "string", "format": "binary"}


@dataclass(frozen=True)
class _Route:
    method: str
    path: str
    summary: str
    answer: type[BaseModel] | None
    parameters: tuple[str, ...] = ()
    body: type[BaseModel] | None = None
    examples: tuple[Any, ...] = ()


ROUTES = (
    _Route("get", "/health", "The process answers; needs no key.", answers.Health),
    _Route("get", "/ready", "Whether every spec is ready, and why not.", answers.Ready),
    _Route("get", "/version", "Which versions are served.", answers.Versions),
    _Route("get", "/metrics", "Counts and durations, for Prometheus.", None),
    _Route("get", "/columns", "The columns that POST /score takes.", answers.Columns, ("spec",)),
    _Route("get", "/list", "A part of the ranked list.", answers.Listed, ("spec", "offset", "limit")),
    _Route(
        "get",
        "/customers/{customer_id}",
        "What is known and advised of a customer.",
        answers.CustomerWithTimeline,
        ("customer_id", "spec"),
    ),
    _Route(
        "post", "/score", "Predictions for ready rows.", answers.Scored, ("spec",), bodies.ScoreBody, (examples.SCORE,)
    ),
    _Route(
        "post",
        "/events",
        "Keep events, and score their customers again. Needs the role write.",
        answers.Received,
        ("spec",),
        bodies.EventsBody,
        (examples.EVENTS, {"spec": "demo", "events": [examples.RAW_EVENT]}),
    ),
    _Route(
        "post",
        "/actions",
        "Record what was done. Needs the role desk.",
        answers.Acted,
        ("spec",),
        bodies.ActionsBody,
        (examples.ACTIONS,),
    ),
)


def described(settings: Settings) -> Plain:
    """The document, for OpenAPI 3.1."""
    kinds: set[type[BaseModel]] = {answers.ErrorAnswer}
    kinds |= {kind for one in ROUTES for kind in (one.answer, one.body) if kind is not None}
    schemas = models_json_schema(
        [(kind, "validation") for kind in sorted(kinds, key=lambda kind: kind.__name__)],
        ref_template="#/components/schemas/{model}",
    )[1]["$defs"]
    paths: dict[str, Plain] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method] = _operation(route, settings)
    keys = {
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "bearer": {"type": "http", "scheme": "bearer"},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "Holdfast", "version": "1", "description": "Champions that answer: docs/service.md."},
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": keys},
    }


def _operation(route: _Route, settings: Settings) -> Plain:
    has_key = route.path != "/health" and not settings.without_keys
    found: Plain = {
        "summary": route.summary,
        "operationId": f"{route.method}{route.path.replace('/', '_').replace('{', '').replace('}', '')}",
        "parameters": [_parameter(name) for name in route.parameters],
        "responses": {"200": _answer(route), **_errors(route)},
        "security": [{"key": []}, {"bearer": []}] if has_key else [],
    }
    if route.body is not None:
        shown = {f"example {number}": {"value": one} for number, one in enumerate(route.examples, start=1)}
        content: Plain = {JSON: {"schema": _schema(route.body), "examples": shown}}
        if route.path == "/score":
            content[ARROW] = {"schema": BINARY}
        found["requestBody"] = {"required": True, "content": content}
    return found


def _answer(route: _Route) -> Plain:
    if route.answer is None:
        content: Plain = {"text/plain": {"schema": {"type": "string"}}}
    else:
        content = {JSON: {"schema": _schema(route.answer), "example": examples.ANSWERS[route.answer.__name__]}}
    if route.path == "/score":
        content[ARROW] = {"schema": BINARY}
    return {"description": "Done.", "content": content}


def _errors(route: _Route) -> Plain:
    """The statuses that a route may answer, in the one shape; /ready says with 503 what it says with 200."""
    known = {400: OF_ANY[400], 500: OF_LOAD[500], 503: OF_LOAD[503]} if route.path == "/health" else OF_ANY | OF_LOAD
    known |= (NOT_FOUND if route.parameters else {}) | (OF_BODY | REFUSED if route.body else {})
    known |= CONFLICT if route.path in ("/events", "/actions") else {}
    shape = {"schema": _schema(answers.ErrorAnswer), "example": examples.ANSWERS["ErrorAnswer"]}
    found = {str(status): {"description": words, "content": {JSON: shape}} for status, words in sorted(known.items())}
    if route.path == "/ready":
        either = {"anyOf": [_schema(answers.Ready), _schema(answers.ErrorAnswer)]}
        found["503"] = {"description": "Not ready.", "content": {JSON: {"schema": either}}}
    return found


def _parameter(name: str) -> Plain:
    shapes: dict[str, Plain] = {
        "spec": {"type": "string", "maxLength": LONGEST_SPEC},
        "offset": {"type": "integer", "minimum": 0, "maximum": 999_999_999, "default": 0},
        "limit": {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100},
        "customer_id": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
    }
    in_path = name == "customer_id"
    return {"name": name, "in": "path" if in_path else "query", "required": in_path, "schema": shapes[name]}


def _schema(kind: type[BaseModel]) -> Plain:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}
