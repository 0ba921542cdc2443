"""TensorFlow's own operation for homographies: fast on the CPU, and not for XLA."""

_FILL_MODES = {"constant": "CONSTANT", "reflect": "REFLECT", "edge": "NEAREST"}


def warp_tensorflow(images, homography, size, interpolation, fill_mode, fill_value):
    """As `warp`, except that bilinear interpolation of integers gives float32."""
    import tensorflow as tf

    if interpolation == "bilinear" and not images.dtype.is_floating:
        images = tf.cast(images, "float32")  # Of integers, it cuts the fraction off.
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=tf.reshape(homography, (-1, 9))[:, :8],
        output_shape=size,
        fill_value=fill_value,
        interpolation=interpolation.upper(),
        fill_mode=_FILL_MODES[fill_mode],
    )
