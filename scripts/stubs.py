"""Writes python/edgetally/__init__.pyi: what the package exports, with an overload for numbers and one for columns.

The types of fields are those that the reference rows give. ``--check`` only compares with what is there.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import edgetally as et
from edgetally import _edgetally, _names

ROOT = Path(__file__).parents[1]
TARGET = ROOT / "python/edgetally/__init__.pyi"
ROWS = json.loads((ROOT / "crates/core/tests/fixtures/calculators.json").read_text(encoding="utf-8"))
WORDS = {"NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf")}

# What a function returns when its method is named, where it may return something smaller without.
RETURNS = {"lift": "LiftResult", "lift_ci": "LiftCiResult", "rate_ci": "RateCiResult"}

HEAD = '''# mypy: disable-error-code="overload-overlap"
"""What edgetally exports. Written by scripts/stubs.py; `make stubs` writes it anew.

A number is a column to the second overload too; the first one that fits is right.
"""

import datetime
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar, overload, type_check_only

import numpy as np
from numpy.typing import NDArray

from . import events as events
'''


def plain(value: Any) -> Any:
    if isinstance(value, str):
        return WORDS.get(value, value)
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def rowwise(function: Any) -> Any:
    """The row-by-row calculator that a function runs, if it runs one."""
    code = function.__code__
    found = [function.__globals__.get(name) for name in code.co_names]
    found = [next(iter(value.values()), None) if isinstance(value, dict) else value for value in found]
    found = [value for value in found if isinstance(value, _edgetally.Calculator)]
    return found[0] if found else None


def returned(function: Any) -> str:
    """The class of the results."""
    return RETURNS.get(function.__name__, str(inspect.signature(function).return_annotation))


def kind(value: Any, letter: str) -> str:
    if isinstance(value, et.Interval):
        return f"Interval[{letter}]"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, float):
        return letter
    if isinstance(value, int):
        return "int"
    if isinstance(value, str):
        return "str"
    if isinstance(value, et.Result):
        return type(value).__name__
    return "Any"


def seen() -> dict[str, dict[str, set[str]]]:
    """What kinds each field of each result class has had."""
    kinds: dict[str, dict[str, set[str]]] = {}
    for row in ROWS:
        if "raises" in row["outputs"]:
            continue
        inputs = {name: plain(value) for name, value in row["inputs"].items() if value is not None}
        if any(isinstance(value, list) for value in inputs.values()) and row["calculator"] == "lift":
            continue
        result = getattr(et, row["calculator"].replace(".", "_"))(**inputs)
        note(kinds, result)
    return kinds


def note(kinds: dict[str, dict[str, set[str]]], result: Any) -> None:
    if not isinstance(result, et.Result):
        return
    fields = kinds.setdefault(type(result).__name__, {})
    for name, value in result._items():
        if value is not None:
            fields.setdefault(name, set()).add(kind(value, "_T"))
        note(kinds, value)


def parameters(function: Any, number: str) -> str:
    parts = []
    star = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        text = str(parameter.annotation)
        text = re.sub(r"\b(Numbers|Dates|Texts|Column|Columns|_Plan|Totals)\b", number, text)
        default = ""
        if parameter.default is not parameter.empty:
            default = " = ..."
            if parameter.default is None and "None" not in text and text != "Any":
                text += " | None"
        prefix = "**" if parameter.kind is parameter.VAR_KEYWORD else ""
        parts.append(f"{prefix}{parameter.name}: {text}{default}")
    return ", ".join(parts)


def signatures(name: str, function: Any, indent: str = "", *, method: bool = False) -> list[str]:
    returns = returned(function)
    result = getattr(et, returns, None)
    me = "self, " if method else ""
    calculator = rowwise(function)
    if calculator is None or result is None:
        return [f"{indent}def {name}({me}{parameters(function, 'Any')}) -> {returns}: ..."]
    return [
        f"{indent}@overload",
        f"{indent}def {name}({me}{parameters(function, 'float')}) -> {returns}[float]: ...",
        f"{indent}@overload",
        f"{indent}def {name}({me}{parameters(function, '_Numeric')}) -> {returns}[NDArray[np.float64]]: ...",
        f"{indent}@overload",
        f"{indent}def {name}({me}{parameters(function, 'Any')}) -> {returns}[Any]: ...",
    ]


def members_of(cls: Any, skip: tuple[str, ...] = ()) -> list[str]:
    """Properties and methods that a class has itself."""
    lines = []
    for key, value in vars(cls).items():
        private = key.startswith("_") and not key.endswith("__")
        if private or key in skip:
            continue
        if isinstance(value, property):
            returns = inspect.signature(value.fget).return_annotation if inspect.isfunction(value.fget) else "Any"
            lines += ["    @property", f"    def {key}(self) -> {returns}: ..."]
        elif inspect.ismemberdescriptor(value):
            lines.append(f"    {key}: Any")
        elif isinstance(value, classmethod):
            inner = parameters(value.__func__, "Any").partition(",")[2].strip()
            returns = inspect.signature(value.__func__).return_annotation
            lines += ["    @classmethod", f"    def {key}(cls{', ' if inner else ''}{inner}) -> {returns}: ..."]
        elif inspect.isfunction(value):
            returns = inspect.signature(value).return_annotation
            inner = parameters(value, "Any").partition(",")[2].strip()
            lines.append(f"    def {key}(self{', ' if inner else ''}{inner}) -> {returns}: ...")
    return lines


def result_class(name: str, cls: Any, kinds: dict[str, set[str]], generic: bool) -> list[str]:
    """A result class: its fields, then what else it offers."""
    lines = [f"class {name}({'Result, Generic[_T]' if generic else 'Result'}):"]
    for field in cls.fields:
        types = sorted(kinds.get(field, {"Any"}))
        text = " | ".join(types) if len(types) < 3 and "Any" not in types else "Any"
        if not generic:
            text = text.replace("_T", "float")
        lines += ["    @property", f"    def {field}(self) -> {text}: ..."]
    lines += members_of(cls, ("definition", "fields", *cls.fields))
    if len(lines) == 1:
        lines[0] += " ..."
    return lines


def stub() -> str:
    exported = [name for name in et.__all__ if name not in ("events", "__version__")]
    compiled = sorted(name for name in exported if hasattr(_edgetally, name))
    out = [HEAD]
    out += [f"from ._edgetally import {name} as {name}" for name in compiled]
    out += [
        f"from .events import {name} as {name}"
        for name, cls in vars(et.events).items()
        if isinstance(cls, type) and issubclass(cls, et.Result) and name not in ("Result", *exported)
    ]
    out += ["from ._edgetally import Record", "", "__version__: str", ""]
    listed = "\n".join(f'    "{name}",' for name in sorted(et.__all__))
    out += [f"__all__ = [\n{listed}\n]", ""]
    out += ['_T = TypeVar("_T")', ""]
    out += ["_Numeric: TypeAlias = float | NDArray[Any] | Sequence[float | None] | None", ""]
    rest = [name for name in exported if name not in compiled]
    classes = {name: getattr(et, name) for name in rest if isinstance(getattr(et, name), type)}
    functions = {name: getattr(et, name) for name in rest if inspect.isfunction(getattr(et, name))}
    generic = set()
    for function in functions.values():
        if rowwise(function) is not None:
            generic.add(returned(function))
    kinds = seen()
    out += [
        "class Result(Record):",
        "    fields: ClassVar[tuple[str, ...]]",
        "    definition: ClassVar[Mapping[str, str]]",
        "    @property",
        "    def status(self) -> Any: ...",
        "    def to_dict(self) -> dict[str, Any]: ...",
        "    def to_pandas(self) -> Any: ...",
        "    def to_polars(self) -> Any: ...",
        "    def to_arrow(self) -> Any: ...",
        "    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...",
        "    def summary(self) -> str: ...",
        "    def plot(self, ax: Any = None) -> Any: ...",
        "    def __eq__(self, other: object) -> bool: ...",
        "    def __hash__(self) -> int: ...",
        "    def __class_getitem__(cls, item: object) -> Any: ...",
        "",
    ]
    for name, cls in classes.items():
        if name == "Result":
            continue
        if issubclass(cls, et.Result):
            lines = result_class(name, cls, kinds.get(name, {}), name in generic)
        else:
            lines = [f"class {name}:", *members_of(cls)]
            if len(lines) == 1:
                lines[0] += " ..."
        out += [*lines, ""]
    for family in (*_names.FAMILIES, *_names.SPACES):
        shorts = _names.members(family, functions)
        out += ["@type_check_only", f"class _{family.title().replace('_', '')}:"]
        if family in functions:
            out += signatures("__call__", functions[family], "    ", method=True)
        for short, name in shorts.items():
            lines = signatures(short, functions[name], "    ")
            out += [part for line in lines for part in decorated(line)]
        out += ["", f"{family}: _{family.title().replace('_', '')}", ""]
    for name, function in functions.items():
        if name not in _names.FAMILIES:
            out += [*signatures(name, function), ""]
    return "\n".join(out) + "\n"


def decorated(line: str) -> list[str]:
    """A static method inside a family: the decorator goes below ``@overload``."""
    if line.strip().startswith("def "):
        return ["    @staticmethod", line]
    return [line]


if __name__ == "__main__":
    text = stub()
    if "--check" in sys.argv:
        import subprocess

        written = subprocess.run(
            ["ruff", "format", "-q", "--stdin-filename", str(TARGET), "-"],
            input=text,
            text=True,
            capture_output=True,
            check=True,
        ).stdout
        if written != TARGET.read_text(encoding="utf-8"):
            sys.exit("python/edgetally/__init__.pyi is not what the package exports: make stubs")
    else:
        TARGET.write_text(text, encoding="utf-8")
