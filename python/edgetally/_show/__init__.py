"""How results are shown: a summary in words, a table with a small picture for notebooks, pictures by matplotlib.

Each subject has a file that registers its classes by name: the sentence that decides, and the picture (``picture``),
which ``draw`` and ``svg`` draw. A class that no file names is shown by what its fields are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._arguments import error

if TYPE_CHECKING:
    from .._result import Result
    from .picture import Picture
    from .say import Say


def _say(result: Result, currency: Any, options: dict[str, Any] | None = None) -> Say:
    from . import attribution, events, experiment, funnel, geo, lift, money, response
    from .say import Say, Show

    if not isinstance(currency, str):
        raise error("wrong_type", f"currency is not a text such as 'EUR' or '$', but {type(currency).__name__}")
    subjects = (lift, experiment, funnel, money, response, geo, attribution, events)
    names = [kind.__name__ for kind in type(result).__mro__]
    found = (subject.SHOWN[name] for name in names for subject in subjects if name in subject.SHOWN)
    show = next(found, Show())
    for name in options or ():
        if name not in show.options:
            more = f"; it takes {', '.join(show.options)}" if show.options else ""
            raise error("unknown_argument", f"plot of a {type(result).__name__} has no argument {name!r}{more}")
    return Say(result, show, currency, options)


def told(say: Say) -> str:
    """The sentence that decides."""
    from .common import plain_sentence, sentence_of_rows

    if say.show.sentence is not None and say.single:
        return say.show.sentence(say)
    return plain_sentence(say) if say.rows() is None else sentence_of_rows(say)


def told_of(result: Result, currency: str) -> str:
    """The sentence of a result within another."""
    return told(_say(result, currency))


def drawn(say: Say) -> Picture:
    """The picture that suits the result; an empty one where nothing can be drawn."""
    from .common import picture_of_fields, picture_of_rows

    if say.show.picture is not None and say.single:
        found = say.show.picture(say)
        if found.panels:
            return found
    return picture_of_fields(say) if say.rows() is None else picture_of_rows(say)


def summary(result: Result, currency: str = "") -> str:
    """The summary of a result as text."""
    from .text import of_result

    return of_result(_say(result, currency))


def html(result: Result) -> str:
    """The same for notebooks, with a small picture."""
    from .page import of_result

    return of_result(_say(result, ""))


def plot(result: Result, ax: Any, currency: str, options: dict[str, Any]) -> Any:
    """The picture by matplotlib."""
    from .draw import draw

    return draw(drawn(_say(result, currency, options)), ax, currency)
