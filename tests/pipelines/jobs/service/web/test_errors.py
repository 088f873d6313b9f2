"""Each fault has its status, in one shape that holds nothing of a customer."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.jobs.service.web.memory_desk import MemoryDesk
from tests.pipelines.jobs.service.web.running import ROW, Running, running

STATUSES = [
    ("GET", "/nowhere", None, 404),
    ("GET", "/score", None, 405),
    ("DELETE", "/customers/C1", None, 405),
    ("OPTIONS", "/score", None, 405),
    ("POST", "/score", {"rows": [{"plan": "basic"}]}, 422),
    ("POST", "/score", {"rows": [{"tenure": 14, "plan": ""}]}, 503),
    ("POST", "/score", {"rows": [{"tenure": 13, "plan": ""}]}, 500),
    ("POST", "/score", {"spec": "other", "rows": [ROW]}, 404),
    ("GET", "/customers/nobody", None, 404),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), STATUSES)
def test_a_fault_has_its_status_and_the_one_shape(
    service: Running, method: str, path: str, body: object, status: int
) -> None:
    found = service.ask(method, path, body, X_Request_ID="abc-1")
    assert found.status == status
    assert found.headers["content-type"] == "application/json"
    assert found.plain == {"error": {"status": status, "message": found.message, "id": "abc-1"}}


def test_a_method_that_is_not_taken_is_told_which_are(service: Running) -> None:
    assert service.ask("DELETE", "/score").headers["allow"] == "POST"


def test_a_refused_cell_is_not_repeated(service: Running) -> None:
    found = service.ask("POST", "/score", {"rows": [{"tenure": "Mrs Secret", "plan": ""}]})
    assert found.status == 422
    assert "tenure" in found.message
    assert "Secret" not in found.message


def test_what_a_body_holds_is_not_repeated(service: Running) -> None:
    found = service.ask("POST", "/score", {"rows": [ROW], "spec": ["Mrs Secret"], "reasons": "Mrs Secret"})
    assert found.status == 422
    assert "spec" in found.message
    assert "Secret" not in found.message


def test_what_nobody_foresaw_has_an_id_and_no_detail(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    found = service.ask("POST", "/score", {"rows": [{"tenure": 13, "plan": ""}]}, X_Request_ID="find-me")
    logged = stream.getvalue()
    assert found.plain["error"]["id"] == "find-me"
    assert "RuntimeError in the request find-me" in logged
    assert "memory_desk.py" in logged
    assert "unforeseen" not in logged + found.message  # the text of an error may be of a customer


def test_a_database_that_is_gone_is_not_named(service: Running) -> None:
    assert "secret.example" not in service.ask("POST", "/score", {"rows": [{"tenure": 14, "plan": ""}]}).message


def test_several_specs_are_told_apart() -> None:
    with running(MemoryDesk("demo"), MemoryDesk("telco")) as service:
        of_body = service.ask("POST", "/score", {"spec": "telco", "rows": [ROW]})
        of_query = service.ask("POST", "/score?spec=telco", {"rows": [ROW]})
        assert of_body.plain == of_query.plain
        assert of_body.plain["spec"] == "telco"
        assert service.ask("POST", "/score?spec=telco", {"spec": "demo", "rows": [ROW]}).status == 400
        assert re.search("demo, telco", service.ask("GET", "/list").message)
        assert re.search("demo, telco", service.ask("GET", "/list?spec=shop").message)
        assert [one["spec"] for one in service.ask("GET", "/version").plain["specs"]] == ["demo", "telco"]


def test_ready_says_why_not() -> None:
    with running() as service:
        assert service.ask("GET", "/ready").status == 200
        service.desk.why = ["no champion"]
        found = service.ask("GET", "/ready")
    assert found.status == 503
    assert found.plain == {"ready": False, "specs": [{"spec": "demo", "ready": False, "why": ["no champion"]}]}


def test_the_web_imports_no_model(root: Path) -> None:
    """What only speaks HTTP starts without MLflow, LightGBM and DuckDB."""
    heavy = {"mlflow", "lightgbm", "duckdb", "sqlalchemy"}
    asked = f"import sys, pipelines.jobs.service.web.app; print({heavy} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", asked], cwd=root, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
