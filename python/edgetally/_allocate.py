"""A budget over several response curves."""

from __future__ import annotations

from . import _edgetally
from ._arguments import error, floats, number, optional
from ._fit import ResponseFit
from ._response import PARAMETERS, TwoPointCurve, params_of
from ._result import Result, field, kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

__all__ = ["Allocation", "AllocationPlan", "allocate"]

# Columns of a plan's table, a row per channel; each is a field of the same name.
_BY_CHANNEL = ("spend", "revenue", "marginal_roas", "share", "at_bound")
_TODAY = ("current_spend", "current_revenue", "current_marginal_roas", "spend_change", "revenue_change")


class AllocationPlan(Result):
    """A division of a budget over channels; as a data frame, a row per channel."""

    __slots__ = ()

    spend: list[float] = field("Spend of each channel.")
    revenue: list[float] = field("Revenue of each channel.")
    marginal_roas: list[float] = field("Revenue of the next unit of spend, by channel.")
    shadow_price: float = field("Revenue of one more unit of budget.")
    total_spend: float = field("Sum of spends.")
    total_revenue: float = field("Sum of revenues.")
    profit: float = field("Margin times revenue less spend; undefined without a margin.")
    channels: tuple[Any, ...] = field("Names of the channels; their places where they have none.")
    share: list[float] = field("Share of each channel in the sum of spends.")
    at_bound: list[str] = field(
        "Which bound holds a channel: lower, upper, both where they are equal, or none: an empty text."
    )

    def _table(self) -> dict[str, Any]:
        return {"channel": list(self.channels), **{name: self[name] for name in _BY_CHANNEL}}

    def to_dict(self, **options: Any) -> dict[str, Any]:
        """The fields by name, those by channel as lists in the order of ``channel``."""
        return {"channel": list(self.channels), **super().to_dict(**options)}


class Allocation(AllocationPlan):
    """What ``allocate`` returns; as a data frame, a row per channel."""

    __slots__ = ()

    gap: float = field("Revenue that no plan could exceed this one by: zero for curves that are concave.")
    profit_plan: Any = field("With a margin, the most profitable plan within the budget, which may spend less.")
    current_spend: Any = field("Spend of each channel in the current plan, if one was given.")
    current_revenue: Any = field("Revenue of each channel in the current plan.")
    current_marginal_roas: Any = field("Revenue of the next unit of spend in the current plan, by channel.")
    spend_change: Any = field("Spend of each channel less that of the current plan.")
    revenue_change: Any = field("Revenue of each channel less that of the current plan.")
    current_total_revenue: float = field("Sum of revenues in the current plan.")
    current_profit: float = field("Margin times revenue less spend in the current plan.")
    channel_warnings: dict[Any, list[str]] = field("What the data of a fitted channel cannot show, by channel.")
    warnings: list[str] = field("What holds for some channel, as stable words.")

    def _flags(self) -> tuple[str, ...]:
        return tuple(self.warnings)

    def _table(self) -> dict[str, Any]:
        table = super()._table()
        return table if self.current_spend is None else {**table, **{name: self[name] for name in _TODAY}}


def _per_channel(name: str, value: Any, names: Sequence[Any], other: float) -> list[float]:
    """One number per channel: one for all, a list, or a dictionary by name."""
    if value is None:
        return [other] * len(names)
    if hasattr(value, "keys"):
        # A pandas Series has names too.
        known = dict(value.items())
        unknown = [str(key) for key in known if key not in names]
        if unknown:
            raise error("unknown_channel", f"{name} names channels that are not there: {', '.join(unknown)}")
        return [number(f"{name} of channel {channel!r}", known.get(channel, other)) for channel in names]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return [number(name, value)] * len(names)
    column = floats(name, value)
    if len(column) != len(names):
        raise error("length_mismatch", f"{name} does not have as many rows as channels")
    return column


def _curve(channel: Any, entry: Any) -> tuple[tuple[str, list[float]], list[str]]:
    """The curve of one channel over a steady spend, and what its data cannot show."""
    words: list[str] = []
    if isinstance(entry, ResponseFit):
        words = list(entry._engine.warnings(None))
        if entry.verdict in ("no_response", "not_increasing"):
            what = "falls with spend" if entry.verdict == "not_increasing" else "may have nothing to do with spend"
            raise error(
                "no_response_curve",
                f"channel {channel!r} has no curve: its revenue {what} (verdict {entry.verdict}); leave it out, or give"
                " it a curve that was measured",
            )
        model, values = entry._engine.steady()
    elif isinstance(entry, TwoPointCurve):
        model, values = entry.model, list(entry.params.values())
    elif hasattr(entry, "keys") and {"model", "params"} <= set(entry):
        try:
            model, values = entry["model"], list(params_of(entry["model"], entry["params"]))
        except ValueError as refusal:
            raise error(getattr(refusal, "code", "wrong_type"), f"channel {channel!r}: {refusal}") from None
    else:
        raise error("wrong_type", f"channel {channel!r} is neither a model with its params nor a fit")
    names = PARAMETERS[model]
    numbers = [number(f"{name} of channel {channel!r}", value) for name, value in zip(names, values, strict=True)]
    for name, value in zip(names, numbers, strict=True):
        if value != value:
            raise error("no_response_curve", f"channel {channel!r} has no curve: its {name} is NaN")
        if value <= 0.0:
            raise error("not_positive", f"{name} of channel {channel!r} is not above 0")
        if value == float("inf"):
            raise error("not_finite", f"{name} of channel {channel!r} is infinite")
    if model == "power" and numbers[1] > 1.0:
        raise error("no_response_curve", f"channel {channel!r} does not level off: its b is above 1")
    return (model, numbers), words


def _at_bound(spend: float, lower: float, upper: float) -> str:
    near = 1e-9 * max(abs(spend), 1.0)
    low, high = spend <= lower + near, spend >= upper - near
    if low and high:
        return "both"
    return "lower" if low else "upper" if high else ""


def _plan(plan: Any, names: tuple[Any, ...], lower: list[float], upper: list[float]) -> tuple[Any, ...]:
    spends, total = plan[0], plan[4]
    share = [spend / total if total else float("nan") for spend in spends]
    return (*plan, names, share, [_at_bound(*each) for each in zip(spends, lower, upper, strict=True)])


def allocate(
    channels: Any,
    budget: float,
    *,
    lower: Any = None,
    upper: Any = None,
    margin: float | None = None,
    current: Any = None,
) -> Allocation:
    """Divide a budget over channels so that revenue is the highest, and with a ``margin`` so that profit is.

    ``channels`` is a list of ``{"model": .., "params": {..}}`` and ``ResponseFit``, or a dictionary of them by name,
    as ``fit_response`` with ``group`` returns it. ``lower`` and ``upper`` bound each channel: one number for all, a
    list, or a dictionary by name. At the optimum every channel that is not at a bound has the same marginal return,
    the shadow price of the budget; where that is below ``1 / margin``, the last units lose money, and ``profit_plan``
    says what to spend instead. Bounds that the budget cannot meet exactly are an error, and so is a fitted channel
    whose data show no response.

    ``current`` is today's spend, given like the bounds: what the same curves say of it stands beside the plan.
    ``to_pandas()`` and its like have a row per channel.

    >>> import edgetally as et
    >>> strong = {"model": "power", "params": {"k": 60, "b": 0.75}}
    >>> weak = {"model": "power", "params": {"k": 30, "b": 0.75}}
    >>> plan = et.allocate([strong, weak], 100_000)
    >>> round(plan.spend[0] / plan.spend[1], 6), round(plan.shadow_price, 4)
    (16.0, 2.5692)
    """
    named = hasattr(channels, "keys") and not {"model", "params"} <= set(channels)
    if not named and (hasattr(channels, "keys") or isinstance(channels, (str, bytes, Result))):
        raise error("wrong_type", "channels is neither a list nor a dictionary of channels")
    if not hasattr(channels, "__iter__"):
        raise error("wrong_type", "channels is neither a list nor a dictionary of channels")
    try:
        entries = list(channels.values()) if named else list(channels)
    except TypeError:
        raise error("wrong_type", "channels is neither a list nor a dictionary of channels") from None
    names = tuple(channels) if named else tuple(range(len(entries)))
    found = [_curve(name, entry) for name, entry in zip(names, entries, strict=True)]
    low, high = _per_channel("lower", lower, names, 0.0), _per_channel("upper", upper, names, float("inf"))
    for name, least, most in zip(names, low, high, strict=True):
        if least < 0.0 or most < 0.0:
            raise error("negative", f"{'lower' if least < 0.0 else 'upper'} of channel {name!r} is below 0")
        if least > most:
            raise error("exceeds", f"lower of channel {name!r} is more than its upper")
    today = None if current is None else _per_channel("current", current, names, float("nan"))
    for name, spend in zip(names, today or (), strict=False):
        if spend < 0.0:
            raise error("negative", f"current of channel {name!r} is below 0")
    plan, profitable, gap, now = _edgetally.response_allocate(
        [curve for curve, _ in found], number("budget", budget), low, high, optional("margin", margin), today
    )
    warnings = {name: words for name, (_, words) in zip(names, found, strict=True) if words}
    nan = float("nan")
    before: tuple[Any, ...] = (None, None, None, None, None, nan, nan)
    if now is not None:
        change = [[a - b for a, b in zip(plan[at], now[at], strict=True)] for at in (0, 1)]
        before = (*now[:3], *change, now[5], now[6])
    answer = Allocation(
        (
            *_plan(plan, names, low, high),
            gap,
            None if profitable is None else AllocationPlan(_plan(profitable, names, low, high)),
            *before,
            warnings,
            sorted({word for words in warnings.values() for word in words}),
        )
    )
    spent = [entry._engine.data()[0] if isinstance(entry, ResponseFit) else [] for entry in entries]
    return kept(answer, before=tuple(sum(one) / len(one) if one else nan for one in spent))
