"""simulation.html: a simulated year, what each policy keeps, and what the rounds measured against the truth."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.reporting.charts import DASHED, LINE, OTHER, THIRD, Chart, drawn
from pipelines.reporting.pages import page

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Found = Mapping[str, Any]

NAMES = {
    "ours": "our rounds",
    "oracle": "oracle that knows the true effects",
    "riskiest_first": "call the riskiest",
    "playbook_alone": "playbook alone",
    "coupon_for_all": "coupon for all",
    "nothing": "nothing",
}
STYLES: Mapping[str, Mapping[str, Any]] = {
    "ours": LINE,
    "oracle": DASHED,
    "riskiest_first": THIRD,
    "playbook_alone": OTHER,
}


def render(found: Found) -> str:
    """The page of what `simulate` found, which is that JSON; equal findings give equal text."""
    months = [one["month"] for one in found["policies"]["ours"]]
    return page(
        "simulation.html.j2",
        (),
        found=found,
        rows=[_row(found, name) for name in NAMES],
        names=NAMES,
        chart=_chart(found, months),
        months=months,
    )


def _row(found: Found, name: str) -> dict[str, Any]:
    """What a policy did and kept in all months."""
    months: Sequence[Found] = found["policies"][name]
    return {
        "name": NAMES[name],
        "gain": found["gain"][name][-1],
        "cost": sum(one["cost"] for one in months),
        "contacts": sum(sum(one["contacts"].values()) for one in months),
        "left": sum(one["left"] for one in months),
    }


def _chart(found: Found, months: Sequence[str]) -> Chart:
    def paint(axes: "Axes") -> None:
        places = range(1, len(months) + 1)
        for name, style in STYLES.items():
            axes.plot(places, found["gain"][name], label=NAMES[name], **style)
        axes.legend(frameon=False, fontsize=11)
        axes.set_xlim(1, max(2, len(months)))

    svg = drawn(paint, x="month", y=f"kept beyond doing nothing, {found['currency']}")
    reading = "What a policy keeps beyond doing nothing: margin less contacts until then, and the worth of who is left."
    return Chart("kept", "Kept by month", reading, svg)
