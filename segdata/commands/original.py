"""Commands that also take the flags of the original DeepLab's scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import click

if TYPE_CHECKING:
    from segdata.original_flags.flag import Script


class TakesOriginalFlags(click.Command):
    """A command whose name is that of a script in ``segdata.original_flags``.

    Where a flag of the original's is among the arguments, they are translated before they are
    parsed, and what there is to say about them goes to stderr.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        from segdata.original_flags.translation import speaks, translate

        if speaks(args):
            translation = translate(cast("Script", self.name), args, self._own(ctx))
            click.echo("\n".join(translation.notes), err=True)
            args = list(translation.arguments)
        return super().parse_args(ctx, args)

    def _own(self, ctx: click.Context) -> dict[str, bool]:
        """Every spelling of every option, and whether it takes a value."""
        return {
            spelling: not (option.is_flag or option.count)
            for option in self.get_params(ctx)
            if isinstance(option, click.Option)
            for spelling in (*option.opts, *option.secondary_opts)
        }
