"""Trains the small network of the speed records on CIFAR-10, in a few epochs.

    python recipes/cifar10_fast.py --set data.directory=path/to/cifar10/images
    python recipes/cifar10_fast.py --set data.directory=... --epochs 2

Not trained to its end yet, so no score is quoted. An image takes 2.9 times the operations of one in
`cifar10_resnet20.py`; `python benchmarks/training_steps.py recipes` compares their seconds.

The idea is public (Jordan, 2024, https://arxiv.org/abs/2404.00498, and the Muon of its successor):
a first convolution that whitens its patches, the identity as the start of the others, label
smoothing, every image mirrored in every other epoch and shifted by up to two pixels, batch
statistics with a short memory, high rates for the biases of normalization and for the head, steps
of Muon on kernels that are kept at a fixed norm, and an average of the weights. The rates are those
of that work, where there are some, not tuned here.

The folder holds train/CLASS/*.png and test/CLASS/*.png; a tenth of train becomes validation. For
scores with views, evaluate the run: `kerasrecipes evaluate RUN --test-time-augmentation flip`.
"""

from kerasrecipes import Recipe, main, use

recipe = Recipe(
    data=use("ImageFolder", directory="cifar10/images"),
    preprocessing=[use("Standardization")],
    augment=[
        use("AlternatingFlip"),
        use("RandomPadCrop", padding_pixels=2, fill_mode="reflect"),
    ],
    model="SpeedNetCIFAR",
    initialization=[use("patch_whitening", freeze="kernel")],
    loss=use("CategoricalCrossentropy", label_smoothing=0.2),
    optimizer=use(
        "Lookahead",
        sync_period_steps=5,
        optimizer=use(
            "KernelMuon",
            # Of the kernels; relative to it, the other rates of the records.
            optimizer=use(
                "SGD",
                momentum=0.85,
                nesterov=True,
                learning_rate=use("LinearDecay", initial_learning_rate=0.24, end_fraction=0.0),
            ),
            multipliers={"": 1.0, "bias": 0.22, "beta": 0.22, "logits": 2.8},
            momentum=0.6,
            scale=None,
            steps=3,
            normalize_kernels=True,
        ),
    ),
    averaging=True,
    epochs=8,
    batch_size=500,
    monitor=None,  # The last epoch, whose rate is 0, is the one to keep.
)

if __name__ == "__main__":
    main(recipe)
