"""Receipts: what the core finds, in Python and on the command line. The export is the core's own golden one."""

import hashlib
import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import edgetally as et
from edgetally.__main__ import main

EXPORT = Path(__file__).parents[2] / "crates/core/tests/fixtures/receipts.ndjson"


@pytest.fixture
def lines() -> list[str]:
    return EXPORT.read_text(encoding="utf-8").splitlines()


def closing(lines: list[str]) -> list[str]:
    return [line for line in lines if "count" in json.loads(line)]


def problems(result: et.ReceiptsResult) -> list[tuple[object, object]]:
    return [(one["line"], one["kind"]) for one in result.problems]


def test_an_export_is_as_it_was_from_a_path_from_texts_and_from_bytes(lines: list[str]) -> None:
    heads = closing(lines)
    results = [
        et.verify_receipts(EXPORT),
        et.verify_receipts(str(EXPORT), heads),
        et.verify_receipts(lines, heads),
        et.verify_receipts(line.encode() + b"\r\n" for line in lines),
    ]
    assert all(results)
    first = results[0]
    assert all(first == other for other in results)
    assert (first.ok, first.receipts, first.problems) == (True, 28, ())
    assert str(first) == "ok: 28 receipts in 3 chains"
    assert [(chain["source"], chain["day"], chain["count"]) for chain in first.chains] == [
        ("bulk", "2026-11-23", 7),
        ("shop", "2026-11-22", 14),
        ("shop", "2026-11-23", 7),
    ]
    assert {chain["head"] for chain in first.chains} == {json.loads(head)["head"] for head in heads}
    assert pickle.loads(pickle.dumps(first)) == first  # noqa: S301


def test_a_day_that_was_forgotten_is_told_and_is_no_problem(lines: list[str]) -> None:
    def of_it(line: str) -> bool:
        return json.loads(line)["source"] == "shop" and json.loads(line)["day"] == "2026-11-22"

    (end,) = filter(of_it, closing(lines))
    forgotten = json.dumps({**json.loads(end), "forgotten": True}, sort_keys=True, separators=(",", ":"))
    result = et.verify_receipts([forgotten, *(line for line in lines if not of_it(line))], [end])
    assert result.ok
    assert str(result) == "ok: 14 receipts in 2 chains, 1 forgotten"
    (chain,) = result.forgotten
    assert (chain["source"], chain["day"], chain["count"]) == ("shop", "2026-11-22", 14)
    assert chain["head"] == json.loads(end)["head"]
    assert et.verify_receipts(lines).forgotten == ()


def test_anybody_can_check_a_line_with_the_standard_library(lines: list[str]) -> None:
    for text in lines:
        line = json.loads(text)
        written = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert written == text
        if "count" not in line:
            digest = line.pop("hash")
            written = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            assert hashlib.sha256(written.encode()).hexdigest() == digest


def test_what_was_done_to_it_is_told(lines: list[str]) -> None:
    assert problems(et.verify_receipts(lines[:3] + lines[4:])) == [(4, "removed")]
    altered = [line.replace('"test":true', '"test":false') for line in lines]
    assert problems(et.verify_receipts(altered)) == [(2, "altered"), (9, "altered"), (17, "altered"), (25, "altered")]
    swapped = [*lines[:3], lines[4], lines[3], *lines[5:]]
    assert problems(et.verify_receipts(swapped)) == [(5, "reordered")]
    assert problems(et.verify_receipts([*lines[:5], lines[3], *lines[5:]])) == [(6, "duplicated")]
    assert problems(et.verify_receipts(lines[:12])) == [(12, "truncated")]
    assert problems(et.verify_receipts([b"\xff", *(line.encode() for line in lines)])) == [(1, "unreadable")]
    # A whole day at the end can be shown by a head only.
    day = lines[:15]
    assert et.verify_receipts(day)
    result = et.verify_receipts(day, closing(lines))
    assert not result
    assert [(one["line"], one["kind"], one["chain"]) for one in result.problems] == [
        (0, "removed", "bulk 2026-11-23"),
        (0, "removed", "shop 2026-11-23"),
    ]


def test_what_is_no_export_is_refused_or_found() -> None:
    for nothing in (None, 7, b"{}"):
        with pytest.raises(et.EdgetallyError) as caught:
            et.verify_receipts(nothing)  # type: ignore[arg-type]
        assert caught.value.code == "wrong_type"
    with pytest.raises(et.EdgetallyError):
        et.verify_receipts([7])  # type: ignore[list-item]
    with pytest.raises(FileNotFoundError):
        et.verify_receipts("no such file")
    assert problems(et.verify_receipts(["\ud800"])) == [(1, "unreadable")]
    assert et.verify_receipts([])


def test_on_the_command_line(lines: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heads, cut = tmp_path / "heads", tmp_path / "cut"
    heads.write_text("\n".join(closing(lines)), encoding="utf-8")
    cut.write_text("\n".join(lines[:12]), encoding="utf-8")
    assert main(["verify-receipts", str(EXPORT), "--heads", str(heads)]) == 0
    assert capsys.readouterr().out == "ok: 28 receipts in 3 chains\n"
    assert main(["verify-receipts", str(cut)]) == 1
    assert capsys.readouterr().out.endswith("line 12: truncated: shop 2026-11-22\n")
    assert main(["verify-receipts", str(tmp_path / "none")]) == 2
    assert "none" in capsys.readouterr().err
    command = [sys.executable, "-m", "edgetally", "verify-receipts", "-"]
    # From a folder without the sources, which would be found before what is installed.
    done = subprocess.run(command, input=EXPORT.read_bytes(), capture_output=True, check=True, cwd=tmp_path)
    assert done.stdout.decode().startswith("ok: 28 receipts")
