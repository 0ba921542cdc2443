"""The kinds of what may be wrong with a training."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """A kind of fault.

    Args:
        title: Its name, as a short sentence.
        remedy: What to change, in words for plain Keras.
        alike: The kinds that look like it.
    """

    title: str
    remedy: str
    alike: tuple[str, ...] = ()


KINDS = {
    # How the parts fit together.
    "output_loss_mismatch": Kind(
        "The output does not fit the loss",
        "One yes or no: Dense(1, 'sigmoid') with binary_crossentropy. One of C classes: Dense(C, "
        "'softmax') with (sparse_)categorical_crossentropy. A number: Dense(1) with "
        "mean_squared_error. Or no activation, and a loss with from_logits=True.",
        ("wrong_loss_for_task", "output_range_too_small"),
    ),
    "wrong_loss_for_task": Kind(
        "The loss is not one for this task",
        "Use binary_crossentropy for yes or no, (sparse_)categorical_crossentropy for one of "
        "several classes, mean_squared_error or mean_absolute_error for numbers.",
        ("output_loss_mismatch", "label_encoding"),
    ),
    "label_encoding": Kind(
        "The targets are encoded in another way than the loss takes them",
        "Class indices from 0 for sparse_categorical_crossentropy, one-hot rows "
        "(keras.utils.to_categorical) for categorical_crossentropy, 0 and 1 for "
        "binary_crossentropy.",
        ("wrong_loss_for_task", "output_loss_mismatch"),
    ),
    "input_encoding": Kind(
        "The inputs are encoded in another way than the first layer takes them",
        "Give an embedding whole numbers below its input_dim; one-hot encode or embed categories.",
        ("inputs_not_scaled", "wrong_input_shape"),
    ),
    "wrong_input_shape": Kind(
        "The samples' shape is not the one that the model works on",
        "Give inputs of shape (samples, *input_shape); flatten before a dense layer that is to see "
        "the whole sample.",
        ("input_encoding",),
    ),
    "metric_mismatch": Kind(
        "The metric says nothing about this task",
        "Use accuracy for classes only, mean_absolute_error for numbers, and a metric that takes "
        "the same form of targets as the loss.",
        ("label_encoding",),
    ),
    "output_range_too_small": Kind(
        "The output cannot reach the targets",
        "Use no activation in the last layer for a regression, or scale the targets into the "
        "activation's range.",
        ("targets_not_scaled", "output_loss_mismatch"),
    ),
    # The data.
    "inputs_not_scaled": Kind(
        "The inputs are not scaled",
        "Put a keras.layers.Normalization that was adapted to the training data, or a "
        "Rescaling(1 / 255) for images, in front.",
        ("learning_rate_too_high", "saturating_activation"),
    ),
    "targets_not_scaled": Kind(
        "The targets are not scaled",
        "Subtract the targets' mean and divide by their standard deviation, both of the training "
        "data; scale predictions back.",
        ("learning_rate_too_high", "output_range_too_small", "too_few_epochs"),
    ),
    "too_little_data": Kind(
        "There are too few samples for this model",
        "Collect more, augment what there is, start from a trained network, or take a smaller one.",
        ("overfitting",),
    ),
    "validation_too_small": Kind(
        "The validation set is too small to tell such differences",
        "Validate on more samples, or by cross-validation; do not choose by differences that are "
        "smaller than the error.",
        ("learning_rate_too_high",),
    ),
    "class_imbalance": Kind(
        "The classes are uneven",
        "Give fit class_weight, draw rare classes more often, or adjust the logits to how frequent "
        "they are (LogitAdjustedCrossentropy): one of these. Judge by balanced accuracy.",
        ("majority_collapse",),
    ),
    "not_shuffled": Kind(
        "The samples are not shuffled",
        "Shuffle before splitting, and in each epoch: shuffle=True with arrays, "
        "dataset.shuffle(len(dataset)) before batching.",
        ("learning_rate_too_high", "validation_too_small"),
    ),
    "data_leak": Kind(
        "Validation data are training data",
        "Split before augmenting or repeating samples, and keep all samples of one origin on one "
        "side.",
        ("train_inference_mismatch",),
    ),
    "labels_unrelated": Kind(
        "The targets have nothing to do with the inputs",
        "Check that inputs and targets are in the same order: shuffle them together, and look at a "
        "few pairs.",
        ("capacity_too_small", "learning_rate_too_low", "majority_collapse"),
    ),
    # The network.
    "missing_nonlinearity": Kind(
        "Layers follow one another without a nonlinearity",
        "Give hidden layers an activation, such as 'relu': without one, they are one linear layer.",
        ("capacity_too_small",),
    ),
    "saturating_activation": Kind(
        "Hidden layers saturate",
        "Use relu or tanh in hidden layers, and scale the inputs.",
        ("vanishing_gradient", "inputs_not_scaled"),
    ),
    "dying_relu": Kind(
        "Units of relu answer 0 to everything",
        "Lower the learning rate, scale the inputs, use he_normal and leaky_relu, or wider layers; "
        "no relu on the output.",
        ("learning_rate_too_high", "capacity_too_small"),
    ),
    "vanishing_gradient": Kind(
        "The gradient vanishes on its way to the first layers",
        "Use relu and he_normal, batch normalization or residual connections, or fewer layers.",
        ("saturating_activation", "bad_initialization", "learning_rate_too_low"),
    ),
    "exploding_gradient": Kind(
        "The gradient explodes",
        "Lower the learning rate, clip gradients (clipnorm=1.0), keep tanh in recurrent layers.",
        ("learning_rate_too_high", "bad_initialization"),
    ),
    "bad_initialization": Kind(
        "The initial weights do not fit",
        "Use Keras's default (glorot_uniform), he_normal before relu, and zeros for biases.",
        ("vanishing_gradient", "exploding_gradient"),
    ),
    "capacity_too_small": Kind(
        "The model is too small",
        "Use wider layers, or more of them.",
        ("learning_rate_too_low", "too_few_epochs", "regularization_too_strong"),
    ),
    "regularization_too_strong": Kind(
        "Regularization keeps the model from learning",
        "Lower dropout rates, weight decay and penalties until the model fits its training data.",
        ("capacity_too_small", "learning_rate_too_low"),
    ),
    "train_inference_mismatch": Kind(
        "The model answers otherwise in training than in inference",
        "Look at dropout and noise, at layers that read `training`, and at preprocessing that only "
        "training applies.",
        ("stale_statistics", "overfitting"),
    ),
    "stale_statistics": Kind(
        "The statistics of batch normalization lag behind",
        "Train for more steps, use BatchNormalization(momentum=0.9), larger batches, or group "
        "normalization.",
        ("train_inference_mismatch", "overfitting"),
    ),
    # The training.
    "learning_rate_too_high": Kind(
        "The learning rate is too high",
        "Divide it by 10, or find one by kerasrecipes.diagnostics.find_lr.",
        ("exploding_gradient", "inputs_not_scaled", "not_shuffled"),
    ),
    "learning_rate_too_low": Kind(
        "The learning rate is too low",
        "Multiply it by 10, or find one by kerasrecipes.diagnostics.find_lr.",
        ("too_few_epochs", "vanishing_gradient", "capacity_too_small"),
    ),
    "too_few_epochs": Kind(
        "The training ends before the model has learnt what it can",
        "Train for more epochs, with EarlyStopping.",
        ("learning_rate_too_low",),
    ),
    "batch_size_too_large": Kind(
        "The batches are too large",
        "Start with 32 samples a batch; with larger ones, raise the learning rate in proportion.",
        ("too_few_epochs", "learning_rate_too_low"),
    ),
    "batch_size_too_small": Kind(
        "The batches are too small",
        "Use 32 samples a batch, or lower the learning rate in proportion.",
        ("learning_rate_too_high",),
    ),
    "overfitting": Kind(
        "The model learns the training data by heart",
        "Stop earlier (EarlyStopping with restore_best_weights=True), augment, regularize, or use "
        "a smaller model.",
        ("too_little_data", "train_inference_mismatch"),
    ),
    "majority_collapse": Kind(
        "The model gives nearly all samples the same answer",
        "Check the learning rate and the scale of the inputs first; with uneven classes, give fit "
        "class_weight.",
        ("class_imbalance", "dying_relu", "labels_unrelated"),
    ),
    "wrong_optimizer": Kind(
        "Another optimizer would do better",
        "Use Adam at 0.001 to start with, or SGD with momentum 0.9 at 0.01 to 0.1.",
        ("learning_rate_too_low",),
    ),
    "wrong_direction": Kind(
        "The loss is made worse, step by step",
        "Check the sign of the loss and of the gradient.",
        ("learning_rate_too_high",),
    ),
    "wrong_gradient": Kind(
        "A layer's gradient is not that of its output",
        "Check the custom gradient of the layer that is named.",
    ),
    "loss_not_finite": Kind(
        "The loss is not finite",
        "Look for NaN in the data and logarithms or divisions of 0; lower the learning rate.",
        ("learning_rate_too_high", "exploding_gradient"),
    ),
}
