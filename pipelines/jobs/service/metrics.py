"""What the service counts and measures, for Prometheus: GET /metrics shows it.

The web counts requests, events and answers; a desk counts its passes and its database's errors.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)

REQUESTS = Counter(
    "holdfast_requests", "Requests by route, method and status.", ("route", "method", "status"), registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "holdfast_request_seconds",
    "Seconds from a request's first line to its answer's end.",
    ("route", "method"),
    buckets=SECONDS,
    registry=REGISTRY,
)
EVENTS = Counter("holdfast_events", "Posted events by what became of them.", ("spec", "state"), registry=REGISTRY)
ANSWERS = Counter(
    "holdfast_answers",
    "Scored rows and customers by version and route.",
    ("spec", "version", "kind"),
    registry=REGISTRY,
)
# kind is "score" for rows that the web scored in one call, "events" for events that a desk received in one pass.
PASS_SIZE = Histogram(
    "holdfast_pass_size", "What one pass took together.", ("spec", "kind"), buckets=SIZES, registry=REGISTRY
)
PASS_SECONDS = Histogram(
    "holdfast_pass_seconds", "Seconds of one pass.", ("spec", "kind"), buckets=SECONDS, registry=REGISTRY
)
CHAMPION = Gauge("holdfast_champion_info", "1 for the version that is served.", ("spec", "version"), registry=REGISTRY)
READY = Gauge("holdfast_ready", "1 where a spec is ready, 0 where it is not.", ("spec",), registry=REGISTRY)
DATABASE_ERRORS = Counter("holdfast_database_errors", "Requests that a database failed.", registry=REGISTRY)
