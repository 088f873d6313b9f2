"""Examples of bodies and answers, of the demo world; /openapi.json shows them."""

from typing import Any

KEY = "hf_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"
ROW = {"days_since_last_payment": 12.0, "n_support_tickets_90d": 2, "plan": "basic"}
SCORE = {"spec": "demo", "rows": [ROW], "reasons": 1}
SCORED = {
    "spec": "demo",
    "version": "7",
    "predictions": [
        {
            "churn_score": 0.41,
            "churn_probability": 0.37,
            "uplift_call": 0.05,
            "reason_1": "Days from the last payment to the observation: 12 (typical 5)",
        }
    ],
}
EVENT = {
    "key": "crm-20251231-000017",
    "table": "interactions",
    "row": {
        "interaction_id": "T991",
        "customer_id": "C0000017",
        "event_at": "2025-12-31T09:12:00",
        "channel": "ticket",
        "complaint": True,
        "text": "It is broken.",
    },
}
RAW_EVENT = {"key": "crm-20251231-000018", "file": "calls.csv", "row": {"Kunde": "C0000017", "Datum": "31.12.2025"}}
EVENTS = {"spec": "demo", "events": [EVENT]}
CUSTOMER = {
    "spec": "demo",
    "customer_id": "C0000017",
    "version": "7",
    "as_of": "2026-01-01T00:03:12.000019",
    "risk": {"churn_probability": 0.37, "level": "high"},
    "uplift": {"call": 0.05, "coupon": 0.01},
    "reasons": [{"en": "two tickets in the last 90 days", "zh": "近90天有2张工单"}],
    "warnings": [
        {"rule": "open_ticket", "level": "high", "owner": "care", "due_at": "2026-01-02T00:03:12", "state": "open"}
    ],
    "advice": {"action": "call", "because": "drawn by the round", "round": "2026-01-01", "withheld_until": None},
    "active": True,
}
TIMELINE = {**CUSTOMER, "timeline": [{"table": "interactions", "event_at": "2025-12-31T09:12:00", "channel": "ticket"}]}
RECEIVED = {
    "spec": "demo",
    "events": [
        {"key": EVENT["key"], "state": "new", "number": 41, "known_at": "2026-01-01T00:03:12.000018"},
        {
            "key": "crm-20251231-000019",
            "state": "refused",
            "why": "interactions has no column 'chanel'; the nearest: ['channel'].",
        },
    ],
    "customers": [CUSTOMER],
}
ACTIONS = {
    "spec": "demo",
    "actions": [{"customer": "C0000017", "action": "call", "when": "2025-12-31T15:00", "outcome": "reached"}],
}
LISTED = {
    "spec": "demo",
    "as_of": "2026-01-01T00:04:00",
    "version": "7",
    "total": 812,
    "customers": [
        {"rank": 1, "customer_id": "C0000017", "churn_probability": 0.37, "advice": CUSTOMER["advice"]},
    ],
}
VERSION = {
    "spec": "demo",
    "version": "7",
    "since": "2026-01-01T04:20:11+00:00",
    "data_until": "2026-01-01T00:00:00",
    "received": 41,
    "problem": None,
}
COLUMN = {
    "name": "days_since_last_payment",
    "type": "number",
    "meaning": "Days from the last payment to the observation; missing when there was none.",
    "unit": "days",
    "categories": [],
}
ANSWERS: dict[str, Any] = {
    "Health": {"status": "ok"},
    "Ready": {"ready": True, "specs": [{"spec": "demo", "ready": True, "why": []}]},
    "Versions": {"specs": [VERSION]},
    "Columns": {"spec": "demo", "columns": [COLUMN]},
    "Listed": LISTED,
    "CustomerWithTimeline": TIMELINE,
    "Scored": SCORED,
    "Received": RECEIVED,
    "Acted": {"new": 1, "known": 0, "corrections": 0},
    "ErrorAnswer": {"error": {"status": 404, "message": "there is no such spec here; there is demo.", "id": "9f2c"}},
}
