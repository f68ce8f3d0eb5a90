"""All that a hit of a form leads to in one call: `_accelerator.c` finds the values, leaves out what needs no
weighing and weighs the rest, where that was built. What it says, `syntax`, `obvious` and `weighing` do, too."""

from __future__ import annotations

from functools import cache

from keymuster.detect.values import obvious, signals, syntax, weighing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from keymuster.detect.values import _accelerator

_IS_NAMED, _ON_A_LINE, _OF_A_LINE, _HAS_VALUE, _IS_PLAIN, _IS_URL = 1, 2, 4, 8, 16, 32


@cache
def compiled() -> _accelerator.Judge | None:
    """What says of a hit how likely its values are; None where it was not built."""
    names, none, scales = signals.names(), obvious.compiled(), weighing.scales()
    if names is None or none is None or scales is None:
        return None
    from keymuster.detect.values import _accelerator

    expressions = (
        syntax.WRAPPER, syntax.LIST, syntax.NEXT, syntax.SAYS_SCHEME, signals.WRAPS, signals.READS,
        obvious.NO_SECRETS, obvious.OF_REQUESTS,
    )  # fmt: skip
    return _accelerator.Judge(
        names,
        none,
        scales,
        tuple(_form(number, form) for number, form in enumerate(syntax.FORMS)),
        tuple(one.pattern for one in expressions),
        signals.JOINS,
        len(signals.FORM_NAMES),
    )


def _form(number: int, form: syntax.Form) -> tuple[bytes, bytes, bytes, int, int, int]:
    how = (
        (syntax.IS_NAMED[number], _IS_NAMED),
        (form.name in syntax.ON_A_LINE, _ON_A_LINE),
        (form.name in syntax.OF_A_LINE, _OF_A_LINE),
        (form.value != "", _HAS_VALUE),
        (form.name in obvious.PLAIN_FORMS, _IS_PLAIN),
        (form.name == "url", _IS_URL),
    )
    return (
        form.confirm.encode(),
        form.value.encode(),
        form.says.encode(),
        sum(bit for holds, bit in how if holds),
        signals.FORM_NAMES.index(signals.LIKE[form.name]),
        form.reach,
    )
