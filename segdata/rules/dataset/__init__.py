"""Rules about a data set as files: names, pairs, lists, splits, descriptor, shards."""
