"""Adstock: spend that works on after it was paid for."""

from __future__ import annotations

from . import _edgetally
from ._arguments import count, error, floats, missing, number, switch
from ._result import Result, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._arguments import Numbers

__all__ = ["AdstockResult", "adstock"]


class AdstockResult(Result):
    """What ``adstock`` returns; a column by itself too."""

    __slots__ = ()

    adstock: Any = field("What of past and present spend is at work in each period.")

    def __len__(self) -> int:
        """Periods."""
        return len(self.adstock)

    def __iter__(self) -> Any:
        """Period by period."""
        return iter(self.adstock)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Give the column."""
        import numpy as np

        del copy
        return np.asarray(self.adstock, dtype=dtype)


def adstock(
    spend: Numbers,
    theta: float,
    *,
    normalize: bool = False,
    max_lag: int | None = None,
    initial: float | str = "zero",
) -> AdstockResult:
    """Spend carried over: ``a[t] = spend[t] + theta * a[t-1]``, rows being consecutive periods.

    ``theta`` is the share left after a period. With ``max_lag`` the sum ends after so many periods, the present one
    included. ``normalize`` divides by the sum of the weights, so that a steady spend is its own adstock. Source:
    Broadbent (1979).

    ``initial`` is what was spent in every period before the first row: ``"zero"``, ``"steady"`` for the first row's
    spend, or an amount. With nothing before them, the first rows of a steady spend start too low.

    >>> import edgetally as et
    >>> et.adstock([100, 0, 0, 50], 0.5).adstock
    [100.0, 50.0, 25.0, 62.5]
    >>> et.adstock([100, 100], 0.5, normalize=True, initial="steady").adstock
    [100.0, 100.0]
    """
    share = number("theta", theta)
    lag = None if max_lag is None else count("max_lag", max_lag)
    settings = (share, switch("normalize", normalize), lag, *past("initial", initial))
    if isinstance(spend, (list, tuple)):
        return AdstockResult((_edgetally.response_adstock(floats("spend", spend), *settings),))
    import numpy as np

    from ._columns import Form

    form = Form()
    column = form.read("spend", spend)
    if column is None or isinstance(column, float) or column.ndim != 1:
        raise error("wrong_type", "spend is not a column of numbers")
    form.shape = column.shape
    carried = _edgetally.response_adstock(column.tolist(), *settings)
    return AdstockResult((form.wrap(np.asarray(carried)),))


def past(name: str, initial: Any) -> tuple[float, bool]:
    """What was spent before the first row: an amount, and whether it is the first row's."""
    if isinstance(initial, str):
        if initial not in ("zero", "steady"):
            raise error("unknown_choice", f"{name} is neither 'zero' nor 'steady' nor an amount")
        return 0.0, initial == "steady"
    if missing(initial):
        raise error("missing", f"{name} is missing: 'zero', 'steady' or an amount")
    return number(name, initial), False


def carried(adstock: Any, *, normalize: bool, max_lag: Any, initial: Any) -> dict[str, Any]:
    """The options of a fit that say what past spend still does."""
    estimate = isinstance(adstock, str)
    if estimate and adstock != "estimate":
        raise error("unknown_choice", "adstock is neither a share from 0 to 1 nor 'estimate'")
    share = None if adstock is None or estimate else number("adstock", adstock)
    if share is not None:
        # Said here, since the share has another name further in.
        if share != share:
            raise error("missing_values", "adstock is missing: a share from 0 to 1, or 'estimate'")
        if not 0.0 <= share <= 1.0:
            raise error("not_a_rate", "adstock is not a share from 0 to 1")
        if share == 1.0 and normalize and max_lag is None:
            raise error(
                "never_decays", "adstock 1 never decays: normalize has no sum of weights to divide by without max_lag"
            )
    amount, steady = past("initial", initial)
    if adstock is None and (steady or amount or normalize or max_lag is not None):
        raise error("missing", "adstock is missing, which normalize, max_lag and initial belong to")
    return {
        "theta": share,
        "estimate_theta": estimate,
        "normalize": bool(normalize),
        "max_lag": None if max_lag is None else count("max_lag", max_lag),
        "initial": amount,
        "steady": steady,
    }
