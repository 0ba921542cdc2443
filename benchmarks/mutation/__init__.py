"""Parts of the mutation benchmark: faults in source text, and tests run in forked processes."""
