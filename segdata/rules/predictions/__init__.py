"""Rules about predictions: what they hold, how they were made, looked at and scored."""
