"""No secret is shown."""

import io

import pytest

from pipelines.messages import masking

SECRET = "-".join(("hunter2", "and", "more"))


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://user:{}@host/db",
        "no database at postgresql+psycopg://user:{}@host:5432/db?sslmode=require: refused",
        "('https://user:{}@host/path', 1)",
        "https://{}@host/path",
        "postgresql://:{}@host/db",
        "postgresql://user:x@{}@host/db",
        "postgresql://user:x/{}@host/db",
        "sqlite:///mlflow.db?password={}",
        "http://host/api?run=1&access_token={}&page=2",
        "https://store/blob?sv=1&sig={}",
        "https://store/key?X-Amz-Signature={}&x=1",
        "host=h user=u password={} dbname=d",
        "host=h password='{} and more' dbname=d",
        '{{"password": "{}", "user": "u"}}',
        "{{'api_key': '{}'}}",
        "Authorization: Bearer {}",
        "{{'Authorization': 'Basic {}'}}",
        "http%3A//host%3Fpassword%3D{}",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(text: str) -> None:
    shown = masking.mask(text.format(SECRET))
    assert SECRET not in shown
    assert masking.HIDDEN in shown
    assert masking.mask(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://reader@db.example/shop?table=public.orders",
        "sqlite:///mlflow.db",
        "http://127.0.0.1:5000/health",
        "tune demo: trials 40, score 0.38",
        "password authentication failed for user 'postgres'",
        "write to anna@example.org about tokens and secrets",
        "the design=3 of basic statistics",
        "a: b@c",
    ],
)
def test_harmless_words_stay_as_they_are(text: str) -> None:
    assert masking.mask(text) == text
    assert not masking.has_secret(text)


def test_the_secrets_of_our_own_addresses_are_hidden_even_where_they_stand_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://user:caf%C3%A9-secret@host/db")
    monkeypatch.setenv("HOLDFAST_LEDGER_URI", "postgresql://host/db?user=u&password=another-secret")
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "the-third-secret")
    told = "caf%C3%A9-secret, café-secret, another-secret and the-third-secret"
    assert masking.mask(told) == "***, ***, *** and ***"


def test_a_stream_hides_what_is_written_to_it_and_is_itself_in_all_else() -> None:
    beneath = io.StringIO()
    stream = masking.Masked(beneath)
    assert stream.write("postgresql://u:secret@h") == len("postgresql://u:secret@h")
    stream.writelines([" token=abc", "\n"])
    assert stream.isatty() is False
    assert stream.getvalue() == "postgresql://u:***@h token=***\n"
