"""A record in which everything was measured, with made-up numbers: for tests of what shows it."""

from kerasrecipes.diagnostics.findings.diagnosis import Diagnosis, NotRun
from kerasrecipes.diagnostics.findings.finding import Finding
from kerasrecipes.diagnostics.record.data_facts import Data, Values
from kerasrecipes.diagnostics.record.model_facts import Layer, Loss, Model, Optimizer, Output
from kerasrecipes.diagnostics.record.probes import LayerStatistics, Predictions, Probe
from kerasrecipes.diagnostics.record.record import Record
from kerasrecipes.diagnostics.record.series import Series
from kerasrecipes.diagnostics.record.trials import (
    Controls,
    InitialLoss,
    Modes,
    Overfit,
    Rates,
    Trials,
)

LAYERS = ("conv1", "conv2", "backbone/block_three/conv3", "dense", "logits")


def measured() -> Record:
    """Returns a record of ten epochs: two inputs, three classes, five layers, all trials."""
    targets = Values(
        (), "int32", 900, minimum=0.0, maximum=2.0, mean=0.4, std=0.6, class_counts=(700, 150, 50)
    )
    inputs = Values(
        (3,), "float32", 900, minimum=-4.0, maximum=5000.0,
        column_means=(0.5, 10.0, 900.0), column_stds=(1.0, 3.0, 800.0),
        column_minima=(-4.0, 0.0, 3.0), column_maxima=(4.0, 20.0, 5000.0),
    )  # fmt: skip
    rates = tuple(10 ** (-6 + 0.5 * k) for k in range(14))
    losses = tuple(1.1 - 0.06 * k if k < 10 else 2.0 * k for k in range(14))
    return Record(
        model=Model("Functional", tuple(Layer(n, "Dense", units=8) for n in LAYERS), 1234, 1200),
        outputs=(
            Output(
                "logits", (3,), "linear", "logits",
                Loss("sparse_categorical_crossentropy", "sparse_categorical_crossentropy", True),
                ("accuracy",), targets,
            ),
        ),
        optimizer=Optimizer("Adam", 0.05),
        data=Data("arrays", 900, 32, 29, True, (inputs,), 100),
        series=Series(
            {
                "loss": [2.0, 1.5, 1.1, 0.8, 0.6, 0.45, 0.3, 0.2, 0.15, 0.1],
                "val_loss": [2.1, 1.7, 1.4, 1.2, 1.15, 1.2, 1.3, 1.5, 1.7, 1.9],
                "accuracy": [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97],
                "val_accuracy": [0.3, 0.38, 0.45, 0.5, 0.52, 0.5, 0.5, 0.49, 0.5, 0.48],
            },
            planned_epochs=10,
        ),
        probes=tuple(_look(epoch) for epoch in range(11)),
        trials=Trials(
            InitialLoss(3.2, 1.0986, "ln 3"),
            Overfit(20, 100, 3.1, 1.2, 1.05, 0.6, 0.05),
            Controls(30, 0.9, 0.91, 1.0, 0.05),
            Modes(0.9, 2.4, 0.02, 30),
            Rates(rates, losses, True, 3e-3),
        ),
        versions={"keras": "3.15.0", "backend": "jax"},
    )  # fmt: skip


def diagnosed() -> Diagnosis:
    """Returns a diagnosis with a finding of each severity."""
    return Diagnosis(
        (
            Finding(
                "learning_rate_too_high",
                "The learning rate 0.05 is 17 times the one that a range test suggests, 0.003.",
                0.85,
                "error",
                {"learning_rate": 0.05, "suggestion": 0.003},
                changes={"optimizer.learning_rate": 0.003},
            ),
            Finding(
                "overfitting",
                "The validation loss was least at epoch 5, 1.15, and rose to 1.9.",
                0.9,
                evidence={"best_epoch": 5, "lowest": 1.15, "last": 1.9, "losses": [1.15, 1.9]},
            ),
            Finding(
                "dying_relu",
                "9 of 10 units of `backbone/block_three/conv3` answer 0 to every sample.",
                0.6,
                "note",
                {"dead_fraction": 0.9},
                where="backbone/block_three/conv3",
            ),
        ),
        ("Is the loss finite?", "Are the samples shuffled?"),
        (NotRun("Do validation samples occur in training?", "A generator was given."),),
    )


def _look(epoch: int) -> Probe:
    return Probe(
        epoch, 29 * epoch, 32, 1.0 / (1 + epoch), 0.0,
        {
            name: LayerStatistics(
                0.1, 10.0 ** (depth - 3), 0.5, min(1.0, 0.09 * epoch) if depth == 2 else 0.0,
                None, 10.0 ** (-6 + depth), 0.1, None if epoch == 0 else 1e-3 / epoch,
            )
            for depth, name in enumerate(LAYERS)
        },
        (Predictions(-3.0, 0.9, 0.1, 0.01, 0.95, 0.78, 0.78),),
    )  # fmt: skip
