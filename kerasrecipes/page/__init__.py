"""Style, figures, formats and templates of the pages that show runs and searches."""
