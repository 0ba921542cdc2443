"""Averages of weights over the steps of a training, by the weight that each step has in them."""
