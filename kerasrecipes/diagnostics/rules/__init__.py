"""Rules of the doctor: each a pure function of a record."""
