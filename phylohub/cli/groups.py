"""The groups in which `phylohub --help` lists its commands, and options without types where they have no value."""

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

BUILD, LOOK, SHARE, MAINTAIN = "Build", "Look", "Share", "Maintain"
ORDER = (BUILD, LOOK, SHARE, MAINTAIN)


def _hide_type_of_flags(params: list[Any]) -> list[Any]:
    """A flag has no value, so help should not print `<bool>` beside it."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params


class Command(TyperCommand):
    """A command whose help shows flags without a type."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _hide_type_of_flags(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands whose help lists them by the order of the panels."""

    def get_params(self, ctx: Any) -> list[Any]:
        return _hide_type_of_flags(super().get_params(ctx))

    def list_commands(self, ctx: Any) -> list[str]:
        def place(name: str) -> int:
            panel = getattr(self.commands[name], "rich_help_panel", None)
            return ORDER.index(panel) if panel in ORDER else len(ORDER)

        return sorted(super().list_commands(ctx), key=place)


class App(typer.Typer):
    """A Typer app whose commands are in one panel of the help, unless they name another."""

    def __init__(self, panel: str | None = None, **settings: Any) -> None:
        super().__init__(cls=Group, **settings)
        self._panel = panel

    def command(self, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
        settings.setdefault("cls", Command)
        settings.setdefault("rich_help_panel", self._panel)
        return super().command(name, **settings)
