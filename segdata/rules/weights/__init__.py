"""Rules about what is stored in a checkpoint, and what was restored from one."""
