"""The search as a keras-tuner oracle and tuners."""
