"""Trains a small network on CIFAR-10 in a few epochs, by the means of the speed records.

    python recipes/cifar10_fast.py --set data.directory=path/to/cifar10/images
    python recipes/cifar10_fast.py --set data.directory=... --set 'model.widths=[64, 256, 256]'

21 min on 2 busy CPU cores (TensorFlow 2.21), with `TF_ENABLE_ONEDNN_OPTS=1`: as long as 7.4 to 8.7
epochs of `cifar10_resnet20.py`. Its test accuracy is 91.8% (91.6 to 92.1), with views 92.7% (92.5
to 92.9): means of five seeds and their range, n = 10,000 images. The widths of the records, in the
second command, have 93.0%, with views 93.7% (one seed), and take 1.7 times as long.

The idea is public (Jordan, 2024, https://arxiv.org/abs/2404.00498, and the Muon of its successor):
a first convolution that whitens its patches, the identity as the start of the others, label
smoothing, every image mirrored in every other epoch and shifted by up to two pixels, batch
statistics with a short memory, steps of Muon on kernels that are kept at a fixed norm, high rates
for normalization's biases, and Lookahead. Widths and rates are ours, from a few short trainings
with seed 0; see docs/benchmarks/time-to-accuracy.md.

The folder holds train/CLASS/*.png and test/CLASS/*.png; a tenth of train becomes validation. Scores
with views: `kerasrecipes evaluate RUN --test-time-augmentation flip_shifts`.
"""

from kerasrecipes import Recipe, main, use

recipe = Recipe(
    data=use("ImageFolder", directory="cifar10/images"),
    preprocessing=[use("Standardization")],
    augment=[use("AlternatingFlip"), use("RandomPadCrop", padding_pixels=2, fill_mode="reflect")],
    model=use("SpeedNetCIFAR", widths=[64, 128, 256], batch_norm_momentum=0.9),
    initialization=[use("patch_whitening", freeze="kernel")],
    loss=use("CategoricalCrossentropy", label_smoothing=0.2),
    optimizer=use(
        "Lookahead",
        sync_period_steps=5,  # Divides the 180 steps of an epoch: slow weights are scored and kept.
        optimizer=use(
            "KernelMuon",
            # Rates fall from 1 to 0, and these are their multiples: of the kernels, and of others.
            optimizer=use(
                "SGD",
                momentum=0.85,
                nesterov=True,
                learning_rate=use("LinearDecay", initial_learning_rate=1.0, end_fraction=0.0),
            ),
            kernel_multiplier=0.12,
            multipliers={"": 1.0, "bias": 10.0, "beta": 10.0, "logits": 0.34},
            momentum=0.6,
            scale=None,
            steps=3,
            normalize_kernels=True,
        ),
    ),
    epochs=7,
    batch_size=250,
    monitor=None,  # The last epoch, whose rate is 0, is the one to keep.
)

if __name__ == "__main__":
    main(recipe)
