"""Canonical tables of any size, made by DuckDB in a minute: for the benchmarks, where only their shape matters."""

from pathlib import Path

import duckdb

from pipelines.files import storage

MONTHS = 35
START = "2024-01-01"
# Shares of the events, by table.
SHARES = {"usage": 0.76, "transactions": 0.16, "interactions": 0.05, "surveys": 0.02, "treatments": 0.01}

_MOMENT = "TIMESTAMP '{month}' + INTERVAL (floor(random() * 27.9 * 86400)) SECOND"
_COLUMNS = {
    "usage": """e AS event_at, CASE WHEN random() < 0.02 THEN e + INTERVAL 3 DAY ELSE e END AS known_at,
        (1 + random() * 20)::BIGINT AS actions, (1 + random() * 6)::BIGINT AS kinds,
        (1 + random() * 4)::BIGINT AS sessions,
        round(random() * 60, 1) AS minutes""",
    "transactions": """'T{month}-' || n AS transaction_id, e AS event_at, e AS known_at,
        CASE WHEN random() < 0.95 THEN 'payment' WHEN random() < 0.5 THEN 'failed' ELSE 'refund' END AS kind,
        round(random() * 40, 2) AS amount, round(random() * 4, 2) AS discount""",
    "interactions": """'I{month}-' || n AS interaction_id, e AS event_at, e AS known_at,
        ['call', 'chat', 'ticket', 'email'][1 + (random() * 3.99)::INT % 4] AS channel,
        ['price', 'fault', 'usage', 'other'][1 + (random() * 3.99)::INT % 4] AS topic,
        random() < 0.2 AS complaint, random() < 0.8 AS resolved,
        CASE WHEN random() < 0.8 THEN e + INTERVAL 5 HOUR END AS resolved_at,
        round(random() * 30, 1) AS handling_minutes, NULL::VARCHAR AS text, round(random() * 2 - 1, 3) AS sentiment""",
    "surveys": """'S{month}-' || n AS survey_id, e AS event_at, e AS known_at,
        ['onboarding', 'application', 'after_sales', 'renewal'][1 + (random() * 3.99)::INT % 4] AS touchpoint,
        CASE WHEN random() < 0.6 THEN round(random() * 10) END AS score, NULL::VARCHAR AS comment""",
    "treatments": """'A{month}-' || n AS treatment_id, e AS event_at, e AS known_at, 'spring' AS campaign,
        CASE WHEN random() < 0.5 THEN 'control' ELSE 'call' END AS action, 0.5 AS probability""",
}


def write(folder: Path, *, customers: int, events: int) -> int:
    """Write the tables, a part for each month, and give the number of event rows."""
    with duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)")
        _state(connection, folder, customers)
        return sum(
            _events(connection, folder / table, table=table, customers=customers, rows=int(events * share / MONTHS))
            for table, share in SHARES.items()
        )


def _state(connection: duckdb.DuckDBPyConnection, folder: Path, customers: int) -> None:
    connection.execute(
        f"""CREATE TABLE people AS SELECT 'C' || lpad(i::VARCHAR, 7, '0') AS customer_id,
        TIMESTAMP '{START}' + INTERVAL (floor(random() * 700) - 400) DAY AS joined_at FROM range({customers}) AS r(i)"""
    )
    _copy(
        connection,
        """SELECT customer_id, joined_at AS event_at, joined_at AS known_at, joined_at, 'private' AS segment,
        'north' AS region, 'en' AS language FROM people""",
        folder / "customers",
        "all",
    )
    _copy(
        connection,
        """SELECT 'K' || customer_id AS contract_id, customer_id, joined_at AS event_at, joined_at AS known_at,
        CASE WHEN random() < 0.5 THEN 'basic' ELSE 'plus' END AS plan, round(5 + random() * 50, 2) AS price,
        joined_at AS starts_at, joined_at + INTERVAL 1200 DAY AS renews_at, NULL::TIMESTAMP AS ended_at FROM people""",
        folder / "contracts",
        "all",
    )


def _events(connection: duckdb.DuckDBPyConnection, folder: Path, *, table: str, customers: int, rows: int) -> int:
    for index in range(MONTHS):
        month = f"{2024 + index // 12}-{index % 12 + 1:02}-01"
        # Some customers do much and most do little: the square of a random number.
        who = f"'C' || lpad((floor(random() * random() * {customers}))::BIGINT::VARCHAR, 7, '0')"
        base = f"SELECT n, {who} AS customer_id, {_MOMENT.format(month=month)} AS e FROM range({rows}) AS r(n)"
        columns = _COLUMNS[table].format(month=month[:7])
        known = f"SELECT customer_id, {columns} FROM ({base})"
        known += " QUALIFY row_number() OVER (PARTITION BY customer_id, e) = 1" if table == "usage" else ""
        _copy(connection, known, folder, month[:7])
    return rows * MONTHS


def _copy(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, part: str) -> None:
    # In the order and the form that ingest writes.
    rows = connection.sql(f"SELECT * FROM ({query}) ORDER BY customer_id, event_at")
    storage.write_parquet(folder / f"{part}.parquet", rows.to_arrow_table())
