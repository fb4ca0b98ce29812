"""Numbers that decide marketing budgets, each with an honest interval; and identifiers as the platforms want them.

Every calculator works on numbers and on columns (NumPy, pandas, Polars, Arrow, lists), takes fractions for rates, and
returns named fields; an interval behaves as its estimate::

    >>> import edgetally as et
    >>> r = et.lift(100_000, 1_200, 100_000, 900, spend=50_000, aov=80, margin=0.4)
    >>> print(f"{r.incremental_conversions:.0f}, profit {r.incremental_profit:,.0f}")
    300 [211, 390], profit -40,400 [-43,253, -37,531]
    >>> round(et.funnel(cpm=12, ctr=0.015, cvr=0.03, aov=80, gross_margin=0.57).cpa, 2)
    26.67

``normalize_*`` and ``hash_*`` spell and hash identifiers as the edgetally gateway does, so that a list hashed here
matches what the edge has sent. The same person has a different digest at every platform::

    >>> et.normalize_email("Elena.Brandt+shop@gmail.com", dialect="meta")
    'elena.brandt+shop@gmail.com'
    >>> et.normalize_email("Elena.Brandt+shop@gmail.com", dialect="google_ads")
    'elenabrandt@gmail.com'
    >>> et.hash_phone(["01512 3456789", None], default_country="DE")
    ['c0f8f0bebbbac96451ee8d8def84a02ae9e34c877775437cb9d458328315afa7', None]

Wrong arguments raise ``EdgetallyError``, a ``ValueError`` with a stable ``code``; ``NaN`` in is ``NaN`` out, and a
ratio that is not defined is ``NaN``, never zero.
"""

from . import (
    _adstock,
    _allocate,
    _arms,
    _attribution,
    _bayes,
    _ceilings,
    _compat,
    _cuped,
    _fit,
    _funnel,
    _geo_counterfactual,
    _geo_did,
    _geo_double,
    _geo_power,
    _lift,
    _lift_ci,
    _ltv,
    _multiplicity,
    _names,
    _p_value,
    _payback,
    _power,
    _prices,
    _ratio_metric,
    _response,
    _returns,
    _revenue,
    _roi,
    _segments,
    _sequential,
    _srm,
    _target_cpa,
    events,
)
from ._adstock import *  # noqa: F403
from ._allocate import *  # noqa: F403
from ._arms import *  # noqa: F403
from ._attribution import *  # noqa: F403
from ._bayes import *  # noqa: F403
from ._ceilings import *  # noqa: F403
from ._compat import *  # noqa: F403
from ._cuped import *  # noqa: F403
from ._edgetally import (
    EdgetallyError,
    Interval,
    __version__,
    dialects,
    error_codes,
    hash_birth_date,
    hash_city,
    hash_country,
    hash_email,
    hash_external_id,
    hash_first_name,
    hash_gender,
    hash_last_name,
    hash_phone,
    hash_postal_code,
    hash_region,
    hash_street,
    normalize_birth_date,
    normalize_city,
    normalize_country,
    normalize_email,
    normalize_external_id,
    normalize_first_name,
    normalize_gender,
    normalize_last_name,
    normalize_phone,
    normalize_postal_code,
    normalize_region,
    normalize_street,
    sha256_hex,
)
from ._fit import *  # noqa: F403
from ._funnel import *  # noqa: F403
from ._geo_counterfactual import *  # noqa: F403
from ._geo_did import *  # noqa: F403
from ._geo_double import *  # noqa: F403
from ._geo_power import *  # noqa: F403
from ._lift import *  # noqa: F403
from ._lift_ci import *  # noqa: F403
from ._ltv import *  # noqa: F403
from ._multiplicity import *  # noqa: F403
from ._p_value import *  # noqa: F403
from ._payback import *  # noqa: F403
from ._power import *  # noqa: F403
from ._prices import *  # noqa: F403
from ._ratio_metric import *  # noqa: F403
from ._response import *  # noqa: F403
from ._result import Result
from ._returns import *  # noqa: F403
from ._revenue import *  # noqa: F403
from ._roi import *  # noqa: F403
from ._segments import *  # noqa: F403
from ._sequential import *  # noqa: F403
from ._srm import *  # noqa: F403
from ._target_cpa import *  # noqa: F403

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._consent import *  # noqa: F403
    from ._ledger import *  # noqa: F403
    from ._receipts import *  # noqa: F403
    from ._releases import *  # noqa: F403
    from ._report import *  # noqa: F403
    from ._windows import *  # noqa: F403

    # Words that only gather functions: ``geo.did`` is ``geo_did``.
    geo: Any
    rate: Any
    response: Any
    segment: Any

# Rooms that few programs ask for, and that bring along modules for dates: loaded when one of their names is read.
_LATER = {
    **dict.fromkeys(("ConsentDestinationsResult", "ConsentResult", "explain_consent"), "_consent"),
    **dict.fromkeys(("HealthResult", "Ledger", "LedgerTable"), "_ledger"),
    **dict.fromkeys(("ReleasesResult", "compare_releases"), "_releases"),
    **dict.fromkeys(("ReceiptsResult", "verify_receipts"), "_receipts"),
    **dict.fromkeys(
        ("SpanResult", "WindowResult", "compare_windows", "window", "window_span", "window_starts"), "_windows"
    ),
    **dict.fromkeys(("Comparison", "Partial", "Report", "merge", "report", "summarize"), "_report"),
}

__all__ = [
    *_LATER,
    *_adstock.__all__,
    *_allocate.__all__,
    *_attribution.__all__,
    *_arms.__all__,
    *_bayes.__all__,
    *_compat.__all__,
    *_cuped.__all__,
    *_lift_ci.__all__,
    *_multiplicity.__all__,
    *_p_value.__all__,
    *_power.__all__,
    *_ratio_metric.__all__,
    *_revenue.__all__,
    *_segments.__all__,
    *_sequential.__all__,
    *_srm.__all__,
    *_geo_counterfactual.__all__,
    *_geo_did.__all__,
    *_geo_double.__all__,
    *_geo_power.__all__,
    *_fit.__all__,
    *_lift.__all__,
    *_ceilings.__all__,
    *_funnel.__all__,
    *_ltv.__all__,
    *_payback.__all__,
    *_prices.__all__,
    *_returns.__all__,
    *_roi.__all__,
    *_target_cpa.__all__,
    *_response.__all__,
    "events",
    "Interval",
    "Result",
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

if not TYPE_CHECKING:  # a type checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        """Load what is loaded late."""
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        room = __import__(f"{__name__}.{_LATER[name]}", fromlist=[name])
        globals()[name] = found = getattr(room, name)
        return found

    def __dir__() -> list[str]:
        """All names, those too that are loaded late."""
        return sorted({*globals(), *_LATER})


_names.join(globals())
