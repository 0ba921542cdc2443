"""Reading and decoding of image files, TFRecord files and arrays."""
