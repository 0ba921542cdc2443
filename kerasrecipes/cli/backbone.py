"""The stages of a backbone: what `Pretrained` can take features from, and train."""

from kerasrecipes.cli.tables import print_table


def is_backbone(name: str) -> bool:
    """Returns whether a name is that of a backbone for `Pretrained`."""
    from kerasrecipes.models.backbones.catalogue import backbone_names

    return name in backbone_names()


def show_backbone(name: str) -> None:
    """Prints the stages of a backbone: the layer that gives each, its output, its weights."""
    from kerasrecipes.models.backbones.catalogue import build_backbone
    from kerasrecipes.models.surgery.graph import Graph
    from kerasrecipes.models.surgery.network_stages import stage_outputs, stages

    size = 224 if name[0].isupper() else 32  # Of ImageNet's networks, of ours for CIFAR.
    backbone = build_backbone(name, (size, size, 3), {}, None)
    graph, outputs = Graph.of(backbone), stage_outputs(backbone)
    print(f"{name}: use('Pretrained', backbone={name!r}, stage=..., trainable_stages=[...])\n")
    print_table(
        [
            {
                "stage": stage,
                "output of": outputs[stage],
                f"for {size} x {size} pixels": " x ".join(
                    map(str, graph.output(outputs[stage]).shape[1:])
                ),
                "weights": f"{sum(layer.count_params() for layer in layers):,}",
            }
            for stage, layers in stages(backbone).items()
        ]
    )
