"""Conversion identifiers as the platforms want them.

The same person has a different digest at every platform, because each normalises differently before hashing.
The functions here are those of the edgetally gateway, so what is uploaded in bulk matches what the edge has sent::

    >>> import edgetally
    >>> edgetally.normalize_email("Elena.Brandt+shop@gmail.com", dialect="meta")
    'elena.brandt+shop@gmail.com'
    >>> edgetally.normalize_email("Elena.Brandt+shop@gmail.com", dialect="google_ads")
    'elenabrandt@gmail.com'
    >>> edgetally.hash_phone(["01512 3456789", None], default_country="DE")
    ['c0f8f0bebbbac96451ee8d8def84a02ae9e34c877775437cb9d458328315afa7', None]

``normalize_*`` returns text, ``hash_*`` its SHA-256; one value gives one answer, a sequence gives a list, and a column
of NumPy, pandas, Polars or Arrow gives one of its own kind. An answer is ``None`` when the value is ``None`` or the
platform's rule drops it: nothing is guessed. ``dialects()`` says which identifiers a platform takes.
"""

from . import (
    _attribution,
    _experiment,
    _geo,
    _inference,
    _lift,
    _money,
    _names,
    _paid,
    _report,
    _response,
    _windows,
    events,
)
from ._attribution import *  # noqa: F403
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
from ._experiment import *  # noqa: F403
from ._geo import *  # noqa: F403
from ._inference import *  # noqa: F403
from ._lift import *  # noqa: F403
from ._money import *  # noqa: F403
from ._paid import *  # noqa: F403
from ._report import *  # noqa: F403
from ._response import *  # noqa: F403
from ._result import Result
from ._windows import *  # noqa: F403

__all__ = [
    *_attribution.__all__,
    *_experiment.__all__,
    *_geo.__all__,
    *_inference.__all__,
    *_lift.__all__,
    *_money.__all__,
    *_paid.__all__,
    *_report.__all__,
    *_response.__all__,
    *_windows.__all__,
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

_names.join(globals())
