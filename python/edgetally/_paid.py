"""The calculators of paid advertising under one name, for a look-up by theirs: the functions live by subject."""

from __future__ import annotations

from ._ceilings import break_even_cpm, break_even_ctr, break_even_cvr, max_cpc
from ._funnel import funnel
from ._ltv import ltv_to_cac
from ._prices import blended_cac, cac, click_cvr, cpa, cpc, cpl_to_cac, cpm, ctr
from ._returns import break_even_roas, marginal_roas, mer, roas, target_roas
from ._roi import roi
from ._target_cpa import target_cpa

__all__ = [
    "blended_cac",
    "break_even_cpm",
    "break_even_ctr",
    "break_even_cvr",
    "break_even_roas",
    "cac",
    "click_cvr",
    "cpa",
    "cpc",
    "cpl_to_cac",
    "cpm",
    "ctr",
    "funnel",
    "ltv_to_cac",
    "marginal_roas",
    "max_cpc",
    "mer",
    "roas",
    "roi",
    "target_cpa",
    "target_roas",
]
