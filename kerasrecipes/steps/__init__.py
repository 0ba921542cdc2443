"""Training steps: how a Keras model's `fit` gets from a batch to a gradient."""

from kerasrecipes.steps.adversarial_training import AdversarialTraining
from kerasrecipes.steps.sharpness_aware_minimization import SharpnessAwareMinimization
from kerasrecipes.steps.training_step import TrainingStep

__all__ = ["AdversarialTraining", "SharpnessAwareMinimization", "TrainingStep"]
