"""/openapi.json says what the routes take and answer, and its examples are of its own schemas."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator

from pipelines.jobs.service.settings import Settings
from pipelines.jobs.service.web import openapi
from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk
from tests.pipelines.jobs.service.web.running import ROW, Running, running

DOCUMENT = openapi.described(Settings())
OPERATIONS = {
    f"{method} {path}": operation
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
}


def faults(schema: dict[str, Any], value: Any) -> list[str]:
    validator = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    return [f"{one.json_path}: {one.message}" for one in validator.iter_errors(value)]


def contents(operation: dict[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """Every schema of an operation, with an example of it."""
    found = []
    for content in (operation.get("requestBody", {}), *operation["responses"].values()):
        for one in content.get("content", {}).values():
            found += [(one["schema"], example["value"]) for example in one.get("examples", {}).values()]
            found += [(one["schema"], one["example"])] if "example" in one else []
    return found


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_are_of_their_schemas(name: str) -> None:
    found = contents(OPERATIONS[name])
    assert found
    assert [fault for schema, example in found for fault in faults(schema, example)] == []


@pytest.mark.parametrize("name", [name for name, one in OPERATIONS.items() if "requestBody" in one])
def test_examples_of_bodies_can_be_sent(service: Running, name: str) -> None:
    method, path = name.split()
    for _, example in contents({"requestBody": OPERATIONS[name]["requestBody"], "responses": {}}):
        sent = {**example, "rows": [ROW]} if path == "/score" else example
        found = service.ask(method.upper(), path, sent, key="hf_team" if path == "/actions" else "hf_writer")
        assert found.status == 200
        assert faults(OPERATIONS[name]["responses"]["200"]["content"]["application/json"]["schema"], found.plain) == []


def test_the_document_is_served_and_is_openapi(service: Running) -> None:
    found = service.ask("GET", "/openapi.json")
    assert found.plain == DOCUMENT
    assert found.plain["openapi"].startswith("3.1.")


def test_every_route_is_in_the_document() -> None:
    from pipelines.jobs.service.web.app import made

    app = made({"demo": MemoryDesk("demo")}, keys=None, settings=Settings())
    routes = {(route.path_format, *sorted(route.methods - {"HEAD"})) for route in app.routes}
    described = {(path, method.upper()) for path, methods in DOCUMENT["paths"].items() for method in methods}
    assert routes - {("/openapi.json", "GET")} == described


def test_every_route_but_health_says_that_it_needs_a_key() -> None:
    assert [name for name, one in OPERATIONS.items() if not one["security"]] == ["get /health"]


def test_there_is_no_page_that_loads_from_elsewhere() -> None:
    with running() as service:
        assert {service.ask("GET", path).status for path in ("/docs", "/redoc", "/")} == {404}
