"""Trains ResNet-20 on CIFAR-10 as the ResNet paper does.

    python recipes/cifar10_resnet20.py --set data.directory=path/to/cifar10/images
    python recipes/cifar10_resnet20.py --set data.directory=... --epochs 30

Four minutes an epoch on 2 busy CPU cores (TensorFlow 2.21): the whole run, half a day, was not
measured. A shorter one, of 20 epochs and 82 min, gave the network that comes with the package: test
accuracy 89.0% (one seed, 95% interval 88.3 to 89.6, n = 10,000 images). It differs from this recipe
in a `OneCycle` up to 0.3, Nesterov momentum and five times the L2; see saved_models/README.md.

The setting of He et al., 2015 (https://arxiv.org/abs/1512.03385, section 4.2): SGD with momentum
0.9, weight decay 1e-4, batches of 128, images shifted by up to 4 pixels and flipped, learning rate
0.1 cut by 10 after half and three quarters of the run. The paper reports 91.25% test accuracy after
64,000 steps, 182 epochs of its 45,000 training images. Differs from it in: pixels are scaled to
[-1, 1], where the paper takes the mean image away.

The folder holds train/CLASS/*.png and test/CLASS/*.png; a tenth of train becomes validation.
"""

from kerasrecipes import Recipe, main, use

recipe = Recipe(
    data=use("ImageFolder", directory="cifar10/images"),
    preprocessing=[use("Rescaling", scale=1 / 127.5, offset=-1)],
    augment=[use("RandomPadCrop", padding_pixels=4), use("RandomFlip", mode="horizontal")],
    model=use(
        "ResNetCIFAR",
        depth=20,
        normalization=use("BatchNormalization", momentum=0.9),
        # The paper's weight decay of 1e-4 is part of the gradient, 1e-4 w, and so of the velocity:
        # Keras's L2 adds 2 l2 w. The optimizer's own `weight_decay` would be ten times weaker.
        kernel_regularizer=use("L2", l2=5e-5),
    ),
    optimizer=use(
        "SGD",
        momentum=0.9,
        learning_rate=use(
            "StepDecay", initial_learning_rate=0.1, factor=0.1, boundaries_fraction=[0.5, 0.75]
        ),
    ),
    epochs=182,
    batch_size=128,
)

if __name__ == "__main__":
    main(recipe)
