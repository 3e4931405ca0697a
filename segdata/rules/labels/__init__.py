"""Rules about what labels hold: ids, colors, storage, shapes."""
