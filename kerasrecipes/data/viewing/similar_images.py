"""Images that look alike."""

import numpy as np

# Images that are smaller than that on a side say too little.
LEAST_SIDE = 16

# The side of the small images that are compared, and of the part of their cosine transform that
# finds the candidates: what is left of an image when it is blurred.
SIDE = 16
FREQUENCIES = 8

# The least correlation of candidates, and of look-alikes.
CANDIDATE = 0.98
ALIKE = 0.99

_AT_ONCE = 1000


def look_alikes(training: np.ndarray, validation: np.ndarray) -> np.ndarray | None:
    """Returns which validation images look like a training image, `None` if they are no images.

    That are copies with another brightness, contrast or compression, or with little noise. The
    candidates are found as by a perceptual hash, by the low frequencies of a cosine transform.

    Args:
        training: Array `(samples, height, width)` or `(samples, height, width, channels)`.
        validation: Array of such images.

    Returns:
        Boolean array `(samples,)`.

    Example:

    >>> images = np.random.default_rng(0).normal(size=(3, 16, 16, 1))
    >>> look_alikes(images[:2], images[1:] * 0.5 + 3)
    array([ True, False])
    """
    if not are_comparable(training):
        return None
    return nearest_alike(small_images(training), small_images(validation)) >= 0


def nearest_alike(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Returns, for each image of the second array, which of the first looks like it; -1 for none.

    Args:
        first: Images as `small_images` returns them.
        second: Likewise.
    """
    low_first, low_second = _low(first), _low(second)
    found = np.full(len(second), -1)
    for start in range(0, len(second) if len(first) else 0, _AT_ONCE):
        chosen = slice(start, start + _AT_ONCE)
        correlation = low_second[chosen] @ low_first.T
        nearest = correlation.argmax(axis=1)
        candidates = correlation[np.arange(len(nearest)), nearest] > CANDIDATE
        alike = candidates & ((second[chosen] * first[nearest]).sum(axis=1) > ALIKE)
        found[chosen] = np.where(alike, nearest, -1)
    return found


def are_comparable(array: np.ndarray) -> bool:
    """Returns whether samples are images, and large enough to tell whether they look alike."""
    shape = array.shape[1:]
    if array.dtype.kind not in "fiu" or len(shape) not in (2, 3):
        return False
    return min(shape[:2]) >= LEAST_SIDE and (len(shape) == 2 or shape[2] in (1, 3, 4))


def small_images(images: np.ndarray) -> np.ndarray:
    """Returns small gray images, flattened, each with mean 0 and norm 1, or all 0.

    Args:
        images: Array `(samples, height, width)` or `(samples, height, width, channels)`.
    """
    rows, columns = (np.linspace(0, n, SIDE + 1).astype(int) for n in images.shape[1:3])
    if images.shape[1] > 8 * SIDE:  # Of large images, only some pixels are read.
        images = images[:, :: images.shape[1] // (8 * SIDE)]
        rows = np.linspace(0, images.shape[1], SIDE + 1).astype(int)
    if images.shape[2] > 8 * SIDE:
        images = images[:, :, :: images.shape[2] // (8 * SIDE)]
        columns = np.linspace(0, images.shape[2], SIDE + 1).astype(int)
    if images.ndim == 4:
        images = images[..., :3].sum(axis=-1, dtype=np.float32)
    gray = np.add.reduceat(images.astype(np.float32, copy=False), rows[:-1], axis=1)
    gray = np.add.reduceat(gray, columns[:-1], axis=2)
    gray /= np.outer(np.diff(rows), np.diff(columns))
    return _unit(gray.reshape(len(gray), -1))


def _low(small: np.ndarray) -> np.ndarray:
    """Returns the low frequencies of small images, without the constant one, with norm 1."""
    from scipy.fft import dctn

    squares = small.reshape(-1, SIDE, SIDE)
    low = dctn(squares, axes=(1, 2), norm="ortho")[:, :FREQUENCIES, :FREQUENCIES]
    return _unit(low.reshape(len(low), -1)[:, 1:])


def _unit(vectors: np.ndarray) -> np.ndarray:
    centred = vectors - vectors.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(centred, axis=1, keepdims=True)
    return np.divide(centred, norms, out=np.zeros_like(centred), where=norms > 1e-6)
