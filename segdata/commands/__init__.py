"""One file per command: its options and one call. These modules import click only."""
