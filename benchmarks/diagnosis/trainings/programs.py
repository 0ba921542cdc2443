"""Real programs that people asked about, of their facts: as they were, and fixed."""

import json
from pathlib import Path

from diagnosis.trainings.building import Facts
from diagnosis.trainings.runs import Run

FILE = Path(__file__).with_name("programs.json")


def programs() -> list[Run]:
    """Returns all programs."""
    return [
        Run(
            facts["id"],
            facts,
            faults=tuple(kind for kind in facts["faults"] if kind != "healthy"),
            plausible=tuple(facts["plausible"]),
            group="weak" if facts.get("weak") else "",
            check_only=facts.get("check_only", False),
        )
        for facts in json.loads(FILE.read_text("utf-8"))["programs"]
    ]


def fixed_programs() -> list[Run]:
    """Returns all programs with the true remedy applied."""
    return [
        Run(
            f"{program.name}/fixed",
            fixed(program.facts),
            plausible=program.plausible,
            group=program.group,
        )
        for program in programs()
    ]


def fixed(facts: Facts) -> Facts:
    """Returns the facts of a program with the true remedy applied."""
    remedy = dict(facts["fixed"])
    layers = [dict(layer) for layer in remedy.pop("layers", facts["layers"])]
    if remedy.pop("plain", False):
        layers = [
            {name: value for name, value in layer.items() if name not in ("init", "bias", "l2")}
            for layer in layers
        ]
    if activation := remedy.pop("hidden", None):
        for layer in layers[:-1]:
            if layer["type"].startswith(("Dense", "Conv")):
                layer["activation"] = activation
    layers[-1] |= remedy.pop("output", {})
    data = facts["data"] | remedy.pop("data", {})
    return facts | remedy | {"layers": layers, "data": data}
