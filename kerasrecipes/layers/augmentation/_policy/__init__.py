"""Operations and tables of augmentation policies."""
