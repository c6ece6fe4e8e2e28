"""Options that several commands have."""

from typing import Annotated

import typer

WorkspaceOption = Annotated[
    str | None, typer.Option("--workspace", metavar="NAME_OR_ID", help="Needed only when there are several.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
