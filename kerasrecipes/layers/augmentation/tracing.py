"""Whether JAX runs operations one by one, or traces a function of them."""


def is_traced_by_jax(x) -> bool:
    """Returns whether a JAX array stands for one of a function that is being compiled."""
    import jax

    return isinstance(x, jax.core.Tracer)
