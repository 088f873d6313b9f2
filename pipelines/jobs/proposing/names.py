"""Guesses from a column's name: its words, its unit, and whether it may be a key, a label, an arm or a date."""

import re
from collections.abc import Set

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")
KEY = {"id", "key", "uuid", "guid", "no", "nr", "number", "客户编号", "编号"}
WHO = {"customer", "client", "user", "member", "account", "subscriber", "person", "kunde", "cust", "party", "msisdn"}
WHO |= {"kunden", "客户"}
# Names that are a customer's key as a whole.
CUSTOMER = {"id", "key", "uuid", "客户编号", "kunde", "kundennr", "kundennummer", "客户", "客户号"}
LABEL = {"churn", "churned", "churner", "label", "target", "left", "exited", "attrition", "attrited", "cancelled"}
LABEL |= {"canceled", "lapsed", "defected", "流失", "outcome", "y"}
LEAVING = LABEL - {"label", "target", "outcome", "y"}
ARM = {"treatment", "treated", "arm", "variant", "treatmentgroup", "outreach", "exposed"}
NO_ACTION = ("control", "none", "no", "0", "false", "untreated", "placebo", "holdout", "baseline")
DATED = {"date", "day", "datetime", "timestamp", "time", "at", "since", "dt", "日期", "datum"}
CODE = {"zip", "postal", "postcode", "plz", "code", "phone", "tel", "fips", "sic", "iban", "ssn", "zipcode"}
MONEY = {"charge", "charges", "amount", "price", "spend", "spent", "revenue", "cost", "fee", "income", "payment"}
MONEY |= {"balance", "salary", "bill", "refund", "refunds", "cltv", "clv", "ltv"}
# Amounts that may be negative without being wrong.
SIGNED = {"balance", "profit", "margin", "change", "diff", "difference", "delta", "trend", "latitude", "longitude"}
_UNITS = {
    "days": "days", "months": "months", "weeks": "weeks", "years": "years",
    "hours": "hours", "minutes": "minutes", "mins": "minutes", "seconds": "seconds", "gb": "GB", "mb": "MB",
    "km": "km", "miles": "miles", "pct": "percent", "percent": "percent", "percentage": "percent", "usd": "usd",
    "eur": "eur", "gbp": "gbp", "chf": "chf", "cny": "cny", "jpy": "jpy", "age": "years", "tenure": "",
}  # fmt: skip
CURRENCIES = ("usd", "eur", "gbp", "chf", "cny", "jpy")


def words(name: str) -> tuple[str, ...]:
    """The words of a name in lower case: customerID is customer, id; and AvgMonthlyGB is avg, monthly, gb."""
    return tuple(one.lower() for one in _WORD.findall(name))


def unit(name: str) -> str | None:
    """The unit in a name; None where there is none. `Monthly charge` is an amount, and its unit is not months."""
    found = [_UNITS[word] for word in words(name) if _UNITS.get(word)]
    return found[-1] if found else None


def says(name: str, known: Set[str]) -> bool:
    """Whether a name contains one of these words."""
    return bool(set(words(name)) & known)


def is_key(name: str) -> bool:
    """Whether a name may be that of a customer's key."""
    said = words(name)
    return bool(said) and (said[-1] in KEY - {"number", "no", "nr"} or (said[-1] in KEY and says(name, WHO)))


def is_of_a_customer(name: str) -> bool:
    """Whether it is the key of a customer, and not of an order or a row."""
    return "".join(words(name)) in CUSTOMER or (is_key(name) and says(name, WHO))


def spoken(name: str) -> str:
    """A column's meaning from its name: its words, the first capitalised."""
    said = " ".join(re.findall(r"\w+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.replace("_", " "))))
    return said[:1].upper() + said[1:] if said else name
