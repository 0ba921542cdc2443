r"""Fine-tunes a pretrained network: the head first, on frozen features, then the rest.

    python recipes/fine_tune.py
    python recipes/fine_tune.py --set model.trainable_stages=1
    python recipes/fine_tune.py --set model.backbone=ResNet50 --set model.trainable_stages=2 --set \
        'data={"use": "ImageFolder", "directory": "photos", "image_size": 224}'

48 s of CPU time a seed, at most 5 min on 2 busy CPU cores (TensorFlow 2.21); test accuracy 89.0%,
the mean over seeds 0 to 2 (95% interval of the mean 86.7 to 91.2), n = 359 images.

Likewise VGG16 and any network of keras.applications: its ImageNet weights are downloaded once,
or given by `--set model.weights=vgg16_notop.weights.h5`. Photographs may be of any sizes.

`start` says what is different in the run that comes first: nothing of the backbone is trained, at a
rate that suits a new last layer. Everything else, data and backbone too, it shares with this
recipe. The second run trains the backbone at a tenth of the head's rate and less with depth, stage
after stage from the head down; batch normalization keeps its weights and statistics (set
model.train_batch_normalization=true to train it too).

Out of the box the network is ResNet-20 trained on CIFAR-10, which comes with the package, and the
data are 20 images of each of scikit-learn's handwritten digits.
"""

from kerasrecipes import Recipe, main, use

recipe = Recipe(
    data=use("Digits", image_size=32, examples_per_class=20),
    preprocessing=[],  # The backbone's own is inside the network.
    model=use("Pretrained", backbone="resnet20_cifar10", trainable_stages="all"),
    optimizer=use(
        "StagewiseLearningRates",
        optimizer=use(
            "Adam",
            learning_rate=use(
                "CosineDecay", initial_learning_rate=0.0, warmup_target=0.001, warmup_epochs=1
            ),
        ),
        backbone_multiplier=0.1,
        depth_factor=0.8,
        unfreeze_every_epochs=1,
    ),
    epochs=15,
    batch_size=32,
    monitor=None,  # The validation split is small: keep the last epoch.
    start={
        "model.trainable_stages": 0,
        "optimizer": use("Adam", learning_rate=use("CosineDecay", initial_learning_rate=0.01)),
        "epochs": 30,
    },
)

if __name__ == "__main__":
    main(recipe)
