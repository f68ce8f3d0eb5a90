"""What of a service's answers is looked at, so that all else is let go at once, and never kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, Union

Shape: TypeAlias = Union["Mapping[str, Shape]", Callable[[Any], Any], None]
"""The fields of an object, or of each object of a list, each with its own shape; None stands for the whole value. A
function says what becomes of a value that may hold a secret."""


class OddAnswer(Exception):
    """It has another form than is known."""


def fields(*names: str, **more: Shape) -> Shape:
    """Some that are taken as they are, and some that have a shape of their own."""
    return {**dict.fromkeys(names), **more}


def shaped(shape: Shape, value: Any) -> Any:
    """What is looked at of an answer. What it lacks stays missing. OddAnswer where there is a text or a number in
    the place of an object."""
    if shape is None or value is None:
        return value
    if not isinstance(shape, Mapping):
        return shape(value)
    if isinstance(value, list):
        return [shaped(shape, one) for one in value]
    if not isinstance(value, dict):
        raise OddAnswer
    return {name: shaped(shape[name], value[name]) for name in shape if name in value}
