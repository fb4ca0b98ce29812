"""Columns of a report as data frames, with keys and dates of the type that the caller has them in."""

from __future__ import annotations

from .. import _dates

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .keys import Like


def _midnights(values: list[Any], zone: str) -> list[int | None]:
    """The first instant of each day in a zone, in microseconds of UTC."""
    import datetime

    info = _dates.zone_info(zone)
    start = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    found: list[int | None] = []
    for value in values:
        if value is None:
            found.append(None)
            continue
        local = datetime.datetime(value.year, value.month, value.day)
        # pytz wants to be asked; everything else takes the zone as it is.
        aware = info.localize(local) if hasattr(info, "localize") else local.replace(tzinfo=info)
        found.append((aware - start) // datetime.timedelta(microseconds=1))
    return found


def is_dates(values: Any) -> bool:
    """Whether a column holds days."""
    import datetime

    return isinstance(values, list) and any(isinstance(value, datetime.date) for value in values)


def pandas(values: Any, like: Like | None) -> Any:
    """A column for pandas."""
    import pandas as pd

    if not isinstance(values, list):
        return values
    dtype = like.dtype if like is not None and like.library == "pandas" else None
    if like is not None and like.form:
        return _pandas_dates(values, like, dtype)
    categories: Any = getattr(dtype, "categories", None)
    if type(categories).__name__ == "IntervalIndex":
        spans = {str(span): span for span in categories}
        values = [spans.get(value) for value in values]
    if dtype is not None and values:
        try:
            return pd.Series(values, dtype=dtype)
        except (TypeError, ValueError):
            pass
    return _plain_pandas(values)


def _plain_pandas(values: list[Any]) -> Any:
    import pandas as pd

    known = [value for value in values if value is not None]
    if len(known) < len(values) and known:
        if all(isinstance(value, bool) for value in known):
            return pd.array(values, dtype="boolean")
        if all(isinstance(value, int) for value in known):
            return pd.array(values, dtype="Int64")
    return values


def _pandas_dates(values: list[Any], like: Like, dtype: Any) -> Any:
    import pandas as pd

    if like.form == "period" and dtype is not None:
        return pd.PeriodIndex([pd.NaT if v is None else pd.Period(v, freq=dtype.freq) for v in values], dtype=dtype)
    if like.form == "object" and (dtype is None or str(dtype) == "object"):
        return pd.Series(values, dtype=object)
    if type(dtype).__name__ == "ArrowDtype":
        import pyarrow as pa

        return pd.Series(pd.array(arrow(values, like) or pa.nulls(0), dtype=dtype))
    unit = like.unit if like.form == "instant" else "us"
    if like.zone is not None:
        instants = pd.to_datetime(pd.array(_midnights(values, like.zone), dtype="Int64"), unit="us", utc=True)
        return (
            pd.Series(instants)
            .dt.tz_convert(_dates.zone_info(like.zone))
            .dt.as_unit(unit)
            .astype(_same_zone(dtype, like))
        )
    days = [pd.NaT if value is None else value for value in values]
    return pd.Series(pd.to_datetime(pd.Series(days, dtype=object)).astype(f"datetime64[{unit}]"))


def _same_zone(dtype: Any, like: Like) -> Any:
    """The caller's type where it names this zone, else one of this zone."""
    import pandas as pd

    zone = getattr(dtype, "tz", None)
    if zone is not None and _dates.zone_name(zone) == like.zone:
        return dtype
    return pd.DatetimeTZDtype(unit=like.unit, tz=_dates.zone_info(str(like.zone)))


def polars(values: Any, like: Like | None) -> Any:
    """A column for Polars."""
    import polars as pl

    if not isinstance(values, list) or like is None:
        return values if not isinstance(values, list) else pl.Series(values, strict=False)
    if like.form:
        if like.form != "instant":
            return pl.Series(values, dtype=pl.Date)
        unit: Any = like.unit if like.unit != "s" else "ms"
        if like.zone is None:
            return pl.Series(values, dtype=pl.Date).cast(pl.Datetime(unit))
        instants = pl.Series(_midnights(values, like.zone), dtype=pl.Int64).cast(pl.Datetime("us", "UTC"))
        return instants.dt.convert_time_zone(like.zone).cast(pl.Datetime(unit, like.zone))
    if like.library == "polars" and like.dtype != pl.Null:
        return pl.Series(values, strict=False).cast(like.dtype)
    return pl.Series(values, strict=False)


def arrow(values: Any, like: Like | None) -> Any:
    """A column for Arrow."""
    import pyarrow as pa

    if not isinstance(values, list) or like is None:
        return pa.array(values)
    if like.form:
        if like.form != "instant":
            return pa.array(values, type=pa.date32())
        if like.zone is None:
            return pa.array(values, type=pa.date32()).cast(pa.timestamp(like.unit))
        return (
            pa.array(_midnights(values, like.zone), pa.int64())
            .cast(pa.timestamp("us", like.zone))
            .cast(pa.timestamp(like.unit, like.zone))
        )
    kind = like.dtype if like.library == "arrow" else None
    if kind is None or pa.types.is_null(kind):
        return pa.array(values)
    if pa.types.is_dictionary(kind):
        return pa.array(values, type=kind.value_type).dictionary_encode().cast(kind)
    try:
        return pa.array(values).cast(kind)
    except pa.ArrowInvalid:
        # Whole numbers of a decimal type that is too narrow for all whole numbers.
        return pa.array(values)
