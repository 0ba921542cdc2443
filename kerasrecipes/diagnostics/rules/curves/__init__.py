"""What logged curves show, of any training: nothing but its history is needed."""
