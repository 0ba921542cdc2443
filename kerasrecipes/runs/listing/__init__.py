"""Lists of runs: what their small files tell, which of them are meant, and in which order."""
