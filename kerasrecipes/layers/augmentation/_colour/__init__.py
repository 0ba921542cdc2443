"""Operations on colours and single values: matrices, tables and blurs, and their base layer."""
