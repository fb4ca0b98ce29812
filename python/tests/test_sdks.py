"""Segment's SDK for Python from the registry, unchanged but for the address, against the built worker on workerd."""

import importlib.util
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from gateways import gateway, is_built

import edgetally as et

# `make test-python` builds the worker and asks for both.
pytestmark = pytest.mark.skipif(
    (not is_built() or importlib.util.find_spec("segment") is None)
    and os.environ.get("EDGETALLY_WORKER") != "required",
    reason="there is no worker/build, or no segment-analytics-python",
)

SECRET = "shop-secret-0123456789"  # noqa: S105 - opens nothing

# A customer's program that ends at once: the SDK sends what waits by itself.
PROGRAM = """
import sys
import segment.analytics as analytics

analytics.host, analytics.write_key, analytics.gzip = sys.argv[1], sys.argv[2], sys.argv[3] == "gzip"
analytics.on_error = lambda error, items: print("error", error)
purposes = ("ad_storage", "analytics_storage", "ad_user_data", "ad_personalization")
granted = dict.fromkeys(purposes, "granted")
for order in sys.argv[4:]:
    analytics.track(
        "cust-10482",
        "Order Completed",
        {"order_id": order, "total": 129.9, "currency": "EUR"},
        context={"consent": granted, "page": {"url": "https://shop.example/thanks"}},
    )
analytics.identify("cust-10482", {"email": "elena@mail.example"})
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[dict[str, Any]]:
    with gateway() as started:
        yield started


def run(url: str, key: str, coding: str, *orders: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, url, key, coding, *orders],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout + done.stderr


def counts(ledger: et.Ledger, source: str) -> dict[str, int]:
    rows = [row for row in ledger.reasons().rows() if row["source"] == source and not row["destination"]]
    told = {str(row["code"]): int(row["n"]) for row in rows}
    accepted = sum(int(row["accepted"]) for row in ledger.intake().rows() if row["source"] == source)
    return {**told, "accepted": accepted}


def test_a_program_that_ends_has_sent_its_orders_once(shop: dict[str, Any]) -> None:
    ledger = et.Ledger(shop["url"], shop["token"])
    before = counts(ledger, "shop")
    assert run(shop["url"], SECRET, "plain", "py-1", "py-2") == ""
    assert run(shop["url"], SECRET, "gzip", "py-3") == ""
    assert run(shop["url"], "pk_nobody_0123456789", "plain", "py-4") == "", "it takes 200 for an answer"
    for _ in range(200):
        after = counts(ledger, "shop")
        unknown = counts(ledger, "(unknown)")
        if after["accepted"] == before["accepted"] + 3 and unknown.get("key_unknown") == 1:
            break
        time.sleep(0.1)
    assert after["accepted"] == before["accepted"] + 3
    assert after["not_a_conversion"] == 2
    assert unknown["key_unknown"] == 1
