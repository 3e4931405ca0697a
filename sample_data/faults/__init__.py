"""What can be wrong with labels and folders, one function each, and look-alikes that are not."""
