"""What the page of a decision says of a freeze, in English and Chinese."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from pipelines.messages import numbers

Both = tuple[str, str]


def notice(decision: Mapping[str, Any]) -> Both | None:
    """That promotions were frozen when it was decided: until when, by whom and why; None where they were not."""
    freeze = decision.get("freeze")
    if not freeze:
        return None
    day, by, reason = date.fromisoformat(freeze["until"]), freeze["by"], freeze["reason"]
    english = (
        f"Promotions are frozen until the end of {numbers.day(freeze['until'])}, by {by}: {reason}. Models are trained"
        " and compared, and none becomes champion. It ends by itself."
    )
    chinese = (
        f"模型上线已冻结，至{day.year}年{day.month}月{day.day}日结束（{by}：{reason}）。"
        "期间照常训练和比较模型，但不会更换在用模型；到期自动解除。"
    )
    return english, chinese
