"""Make the weights of values without a format, from labelled files, and say how good they are.

    python benchmarks/train_values.py CREDDATA [--check]

CREDDATA is the unpacked folder with `dev/`, `dev-natural/` and `score.py` (see README.md). Needs
`pip install lightgbm numpy`, which nothing else needs. Both splits are learned from: in the second
the true passwords are words, so that no weight rests on true values having been made of noise.

What is printed comes from cross-validation by repository: no value is judged by weights that saw
its repository. The shipped weights then learn from all of them. `--check` writes nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import accumulate, islice
from pathlib import Path
from typing import Any, NamedTuple

import lightgbm
import numpy as np

from keymuster import pipeline
from keymuster.detect.engine import Engine
from keymuster.detect.recognizers.values import URL
from keymuster.detect.values import obvious, signals
from keymuster.detect.values.signals import GROUPS, NAMES
from keymuster.detect.values.syntax import find

FORMS = [name for name in NAMES if name.startswith("form ")]
SPLITS = ("dev", "dev-natural")
FOLDS = 5
STAGES = ((12, 1), (16, 1), (20, 2), (32, 2), (40, 3), (60, 3))
"""How many trees each stage has, and how many groups of signals they may ask."""
TIERS = {"high": 0.8, "medium": 0.4, "low": 0.1}
LOST = 0.002
"""Share of the values of the lowest tier that the end of a stage may cost."""

IDENTIFIERS = {"UUID", "AWS S3 Bucket", "Firebase Domain", "Tencent WeChat API App ID"}
PARAMETERS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.08,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "seed": 1,
    "verbose": -1,
    "deterministic": True,
    "num_threads": 2,
}
WEIGHTS = Path(__file__).parents[1] / "src/keymuster/detect/values/weights.json"


class Example(NamedTuple):
    """One found value. `weight` 0 means that it teaches nothing, None that nobody labelled its line."""

    split: str
    path: str
    line: int
    signals: list[float]
    is_secret: bool
    weight: float | None

    @property
    def form(self) -> str:
        return next(name for name in FORMS if self.signals[NAMES.index(name)])


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("creddata", type=Path)
    parser.add_argument("--check", action="store_true", help="print the figures, write no weights")
    options = parser.parse_args()
    examples = [one for split in SPLITS for one in _examples(options.creddata / split, split)]
    said = np.array([one.signals for one in examples], dtype=np.float32)
    secret = np.array([one.is_secret for one in examples])
    weight = _weight(examples)
    print(f"{len(examples)} values, {int(secret.sum())} of them secret, {len(NAMES)} signals")
    if not options.check:  # first, because the figures need a scanner that works
        size = WEIGHTS.write_text(_weights(_train(said, secret, weight)) + "\n")
        print(f"{WEIGHTS.name}: {size} bytes")
    _cross_validate(options.creddata, examples, said, secret, weight)
    return 0


def _examples(folder: Path, split: str) -> Iterator[Example]:
    rules = pipeline.load_rules()
    kept = [token for token in rules.tokens if token.recognizer in ("assignment", "url-password")]
    rules.tokens[:] = kept
    rules.key = ""
    engine = Engine(rules)
    for path, labels in _labels(folder).items():
        content = (folder / path).read_bytes()
        starts = [0, *(place + 1 for place, byte in enumerate(content) if byte == 10)]
        by_line: dict[int, list[dict[str, str]]] = defaultdict(list)
        for label in labels:
            for line in range(
                int(label["LineStart"]),
                min(int(label["LineEnd"]), int(label["LineStart"]) + 200) + 1,
            ):
                by_line[line].append(label)
        said = path.split("/", 2)[2]
        for pattern, start in engine.hits(content):
            form = URL if pattern.recognizer == "url-password" else pattern.number
            for found in find(form, content, start)[0]:
                if obvious.is_none(content, found, said):
                    continue
                line = bisect_right(starts, found.start)
                text = content[starts[line - 1] :].split(b"\n", 1)[0]
                span = (found.start - starts[line - 1], found.end - starts[line - 1])
                taught = _taught(by_line.get(line, []), text, span)
                every = [one for group in signals.groups(content, found, said) for one in group]
                yield Example(split, path, line, every, *taught)


def _labels(folder: Path) -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = defaultdict(list)
    for file in sorted((folder / "meta").glob("*.csv")):
        with file.open(newline="") as lines:
            for label in csv.DictReader(lines):
                found[label["FilePath"]].append(label)
    return found


def _weight(examples: list[Example]) -> Any:
    """How much each value teaches. One that nobody labelled is most likely none if values of its
    form were looked at: the labels were made from what other tools found, and those do not read
    every form."""
    looked_at = {
        form: np.mean([one.weight is not None for one in examples if one.form == form])
        for form in FORMS
    }
    return np.array([looked_at[one.form] if one.weight is None else one.weight for one in examples])


def _taught(
    labels: list[dict[str, str]], line: bytes, span: tuple[int, int]
) -> tuple[bool, float | None]:
    """Whether a value on a line with these labels is a secret, and how much that teaches. A value
    beside a secret teaches little, and one that is labelled as an identifier nothing."""
    true = [label for label in labels if label["GroundTruth"] == "T"]
    if not true:
        return False, 1.0 if labels else None
    if any(_overlaps(label, line, span) for label in true):
        identifier = all(set(label["Category"].split(":")) <= IDENTIFIERS for label in true)
        return True, 0.0 if identifier else 1.0
    return False, 0.15


def _overlaps(label: dict[str, str], line: bytes, span: tuple[int, int]) -> bool:
    ends = label["ValueStart"], label["ValueEnd"]
    if label["LineStart"] != label["LineEnd"] or {"", "-1"} & set(ends):
        return True
    text = line.decode("utf-8", "replace")
    first, last = (len(text[: int(end)].encode()) for end in ends)
    return span[0] < last and first < span[1]


class Model(NamedTuple):
    """Trees in stages, and the sum that must be reached at the end of each."""

    trees: Any
    least: list[float]

    def likelihood(self, said: Any) -> Any:
        likely, hopeless = self.trees.predict(said), np.zeros(len(said), dtype=bool)
        for sums, least in zip(_sums(self.trees, said), self.least, strict=True):
            hopeless |= sums < least
        return np.where(hopeless, 0.0, likely)


def _train(said: Any, secret: Any, weight: Any) -> Model:
    trees = None
    for rounds, groups in STAGES:
        asked = said.copy()
        asked[:, _known(groups) :] = 0
        data = lightgbm.Dataset(asked, secret, weight=weight)
        trees = lightgbm.train(PARAMETERS, data, rounds, init_model=trees)
    likely = said[secret & (trees.predict(said) >= TIERS["low"])]
    least = [float(np.quantile(sums, LOST)) - 0.05 for sums in _sums(trees, likely)]
    return Model(trees, [round(one, 2) for one in least[:-1]] + [-100.0])


def _known(groups: int) -> int:
    """How many signals the first groups have."""
    return sum(map(len, GROUPS[:groups]))


def _sums(trees: Any, said: Any) -> Iterator[Any]:
    """The log-odds at the end of each stage."""
    for end in accumulate(rounds for rounds, _ in STAGES):
        yield trees.predict(said, raw_score=True, num_iteration=end)


def _cross_validate(
    creddata: Path, examples: list[Example], said: Any, secret: Any, weight: Any
) -> None:
    repositories = [one.path.split("/")[1] for one in examples]
    fold_of: dict[str, int] = {}
    load = [0] * FOLDS
    for repository, size in Counter(repositories).most_common():
        fold_of[repository] = load.index(min(load))
        load[fold_of[repository]] += size
    folds = np.array([fold_of[repository] for repository in repositories])
    likely = np.zeros(len(examples))
    for fold in range(FOLDS):
        learn = folds != fold
        model = _train(said[learn], secret[learn], weight[learn])
        likely[~learn] = model.likelihood(said[~learn])
    print(
        "by cross-validation          F1     F1 all  precision  recall  specific  generic  context"
    )
    for split in SPLITS:
        others = list(_other_findings(creddata / split))
        for threshold in (*TIERS.values(), 0.5, 0.6):
            found = [
                {"path": one.path, "line": one.line}
                for one, probability in zip(examples, likely, strict=True)
                if one.split == split and probability >= threshold
            ]
            print(f"{split:12} from {threshold:.2f}  {_score(creddata, split, others + found)}")


def _other_findings(folder: Path) -> Iterator[dict[str, Any]]:
    """What the formats find."""
    done = subprocess.run(
        [sys.executable, "-m", "keymuster", "scan", "data", "--format", "json", "--fail-on", "never",
         "--skip-rule", "generic-secret", "--skip-rule", "credential-in-url", "--no-containers"],
        cwd=folder, capture_output=True, check=True,
    )  # fmt: skip
    for finding in json.loads(done.stdout)["findings"]:
        for place in finding["places"]:
            yield {"path": place["path"], "line": place["line"], "end_line": place["end_line"]}


def _score(creddata: Path, split: str, found: list[dict[str, Any]]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        report, told = Path(folder, "report.jsonl"), Path(folder, "told.json")
        report.write_text("".join(json.dumps(one) + "\n" for one in found))
        subprocess.run(
            [sys.executable, creddata / "score.py", report, "--truth", creddata / split, "--json", told],
            stdout=subprocess.DEVNULL, check=True,
        )  # fmt: skip
        said = json.loads(told.read_text())["selections"]
    whole = said["any but identifiers"]
    parts = [
        said[name]["F1_labelled"] for name in ("specific token categories", "generic", "context")
    ]
    figures = [whole[name] for name in ("F1_labelled", "F1_all", "precision_labelled", "recall")]
    return "  ".join(f"{figure or 0:.3f}" for figure in (*figures, *parts))


def _weights(model: Model) -> str:
    trees = iter([_node(tree["tree_structure"]) for tree in model.trees.dump_model()["tree_info"]])
    stages = [
        {"signals": _known(groups), "least": least, "trees": list(islice(trees, rounds))}
        for (rounds, groups), least in zip(STAGES, model.least, strict=True)
    ]
    return json.dumps({"signals": NAMES, "stages": stages, "tiers": TIERS}, separators=(",", ":"))


def _node(node: dict[str, Any]) -> Any:
    if "leaf_value" in node:
        return round(node["leaf_value"], 4)
    threshold, expected = float(f"{node['threshold']:.5g}"), round(node["internal_value"], 4)
    sides = _node(node["left_child"]), _node(node["right_child"])
    return [node["split_feature"], threshold, expected, *sides]


if __name__ == "__main__":
    sys.exit(main())
