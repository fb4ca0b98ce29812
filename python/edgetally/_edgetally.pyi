"""What the compiled module holds. Checked against it by mypy.stubtest."""

from collections.abc import Sequence
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, final, overload

__all__ = [
    "EdgetallyError",
    "__version__",
    "dialects",
    "error_codes",
    "hash_birth_date",
    "hash_city",
    "hash_country",
    "hash_email",
    "hash_external_id",
    "hash_first_name",
    "hash_gender",
    "hash_last_name",
    "hash_phone",
    "hash_postal_code",
    "hash_region",
    "hash_street",
    "normalize_birth_date",
    "normalize_city",
    "normalize_country",
    "normalize_email",
    "normalize_external_id",
    "normalize_first_name",
    "normalize_gender",
    "normalize_last_name",
    "normalize_phone",
    "normalize_postal_code",
    "normalize_region",
    "normalize_street",
    "sha256_hex",
]

_Dialect: TypeAlias = Literal[
    "meta", "google_ads", "ga4", "tiktok", "pinterest", "snapchat", "reddit", "linkedin", "x", "microsoft"
]
_Field: TypeAlias = Literal[
    "email",
    "phone",
    "first_name",
    "last_name",
    "birth_date",
    "gender",
    "street",
    "city",
    "region",
    "postal_code",
    "country",
    "external_id",
]

class _ArrowArray(Protocol):
    def __arrow_c_array__(self, requested_schema: object = None) -> object: ...

class _ArrowStream(Protocol):
    def __arrow_c_stream__(self, requested_schema: object = None) -> object: ...

class _Array(Protocol):
    """What NumPy, pandas, Polars and pyarrow have in common."""

    def __array__(self) -> object: ...

class _TextArray(_ArrowArray, Protocol):
    """What is returned for an Arrow column of no library that is known here."""

    def __len__(self) -> int: ...
    def to_pylist(self) -> list[str | None]: ...

_Rows: TypeAlias = Sequence[str | None]
_Column: TypeAlias = _Rows | _Array | _ArrowArray | _ArrowStream
_Same = TypeVar("_Same", bound=_Array)

__version__: str

_T_co = TypeVar("_T_co", covariant=True)

class Record:
    """The fields of a result."""

    def __new__(cls, values: tuple[Any, ...], refused: object | None = None, /) -> Record: ...  # noqa: PYI034
    def __getitem__(self, key: int | str, /) -> Any: ...
    @property
    def _values(self) -> tuple[Any, ...]: ...
    @property
    def _refused(self) -> Any: ...

@final
class Interval(Generic[_T_co]):
    """An estimate with the two ends of its interval."""

    def __new__(cls, estimate: _T_co, low: _T_co, high: _T_co) -> Interval[_T_co]: ...
    @property
    def estimate(self) -> _T_co: ...
    @property
    def low(self) -> _T_co: ...
    @property
    def high(self) -> _T_co: ...
    @property
    def ndim(self) -> int: ...
    def columns(self, name: str = "estimate") -> dict[str, _T_co]: ...
    def to_dict(self) -> dict[str, Any]: ...
    def __float__(self) -> float: ...
    def __int__(self) -> int: ...
    def __trunc__(self) -> int: ...
    def __floor__(self) -> int: ...
    def __ceil__(self) -> int: ...
    def __round__(self, ndigits: int | None = None) -> Any: ...
    def __abs__(self) -> Any: ...
    def __neg__(self) -> Interval[_T_co]: ...
    def __pos__(self) -> Interval[_T_co]: ...
    # An exact number gives an interval, another interval a number.
    def __add__(self, value: Any, /) -> Any: ...
    def __radd__(self, value: Any, /) -> Any: ...
    def __sub__(self, value: Any, /) -> Any: ...
    def __rsub__(self, value: Any, /) -> Any: ...
    def __mul__(self, value: Any, /) -> Any: ...
    def __rmul__(self, value: Any, /) -> Any: ...
    def __truediv__(self, value: Any, /) -> Any: ...
    def __rtruediv__(self, value: Any, /) -> Any: ...
    def __floordiv__(self, value: Any, /) -> Any: ...
    def __rfloordiv__(self, value: Any, /) -> Any: ...
    def __mod__(self, value: Any, /) -> Any: ...
    def __rmod__(self, value: Any, /) -> Any: ...
    def __divmod__(self, value: Any, /) -> Any: ...
    def __rdivmod__(self, value: Any, /) -> Any: ...
    def __pow__(self, value: Any, mod: Any = None, /) -> Any: ...
    def __rpow__(self, value: Any, mod: Any = None, /) -> Any: ...
    def __iter__(self) -> Any: ...
    def __len__(self) -> int: ...
    def __getitem__(self, key: Any, /) -> Any: ...
    def __contains__(self, key: Any, /) -> bool: ...
    def __bool__(self) -> bool: ...
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any: ...
    def __arrow_c_array__(self, requested_schema: Any = None) -> Any: ...
    def __format__(self, format: str, /) -> str: ...  # noqa: A002
    # Of columns, row by row.
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...
    def __lt__(self, other: Any, /) -> Any: ...
    def __le__(self, other: Any, /) -> Any: ...
    def __gt__(self, other: Any, /) -> Any: ...
    def __ge__(self, other: Any, /) -> Any: ...
    def __hash__(self) -> int: ...

# What only the Python half of this package calls is not described one by one.
def __getattr__(name: str, /) -> Any: ...

class EdgetallyError(ValueError):
    """An argument that edgetally cannot work with."""

    code: str

def dialects() -> dict[_Dialect, dict[_Field, Literal["hashed", "clear"]]]: ...
def error_codes() -> dict[str, str]: ...
def sha256_hex(text: str, /) -> str: ...

# Text is itself a sequence of text, so the overloads overlap; the first one that fits is right.

@overload
def normalize_email(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_email(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_email(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_email(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_email(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_email(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_email(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_email(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_phone(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_phone(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_phone(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_phone(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_phone(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_phone(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_phone(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_phone(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_first_name(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_first_name(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_first_name(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_first_name(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_first_name(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_first_name(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_first_name(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_first_name(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_last_name(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_last_name(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_last_name(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_last_name(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_last_name(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_last_name(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_last_name(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_last_name(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_birth_date(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_birth_date(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_birth_date(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_birth_date(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_birth_date(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_birth_date(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_birth_date(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_birth_date(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_gender(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_gender(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_gender(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_gender(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_gender(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_gender(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_gender(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_gender(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_street(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_street(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_street(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_street(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_street(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_street(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_street(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_street(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_city(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_city(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_city(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_city(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_city(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_city(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_city(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_city(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_region(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_region(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_region(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_region(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_region(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_region(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_region(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_region(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_postal_code(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_postal_code(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_postal_code(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_postal_code(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_postal_code(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_postal_code(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_postal_code(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_postal_code(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_country(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_country(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_country(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_country(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_country(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_country(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_country(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_country(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def normalize_external_id(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def normalize_external_id(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def normalize_external_id(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def normalize_external_id(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
@overload
def hash_external_id(  # type: ignore[overload-overlap]
    value: str | None,
    *,
    dialect: _Dialect = "meta",
    default_country: str | None = None,
    country: str | None = None,
    threads: int | None = None,
) -> str | None: ...
@overload
def hash_external_id(
    value: _Rows,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> list[str | None]: ...
@overload
def hash_external_id(
    value: _Same,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _Same: ...
@overload
def hash_external_id(
    value: _ArrowArray | _ArrowStream,
    *,
    dialect: _Dialect = "meta",
    default_country: str | _Column | None = None,
    country: str | _Column | None = None,
    threads: int | None = None,
) -> _TextArray: ...
