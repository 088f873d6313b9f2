from pathlib import Path

import pytest

from pipelines.servers import addresses

ROOT = Path("/some/where")


@pytest.mark.parametrize(
    ("uri", "address", "command"),
    [
        ("", "", "mlflow ui --backend-store-uri sqlite:///mlflow.db"),
        ("https://mlflow.example", "https://mlflow.example/#/runs/5eed", ""),
        ("http://10.0.0.7:5000/ml/", "http://10.0.0.7:5000/ml/#/runs/5eed", ""),
        ("https://ann:s3cret-word@mlflow.example:8443", "https://mlflow.example:8443/#/runs/5eed", ""),
        ("https://mlflow.example/?token=s3cret-word", "https://mlflow.example/#/runs/5eed", ""),
        ("postgresql://ann:s3cret-word@db/ml", "", 'mlflow ui --backend-store-uri "$MLFLOW_TRACKING_URI"'),
        ("postgresql://db/ml", "", "mlflow ui --backend-store-uri postgresql://db/ml"),
    ],
)
def test_a_run_is_seen_on_its_server_or_by_the_command_that_starts_one(
    monkeypatch: pytest.MonkeyPatch, uri: str, address: str, command: str
) -> None:
    monkeypatch.setenv(addresses.TRACKING, uri)
    told = addresses.page_of_run(ROOT, "5eed")
    assert told == (address, command)
    assert "s3cret" not in " ".join(told)
