"""Style, figures, number formats and templates of pages that show runs and searches."""
