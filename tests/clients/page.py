"""The blocks of docs/recipes.md, so that what is run is what a reader pastes.

A block's first line says what it is, behind the language:

    ```ini rclone.conf     a file of that name
    ```sh run              commands that work
    ```sh refused          commands, or a program, that `r2` refuses and `open` lets through
"""

import re
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "recipes.md"

# The address that the page has everywhere; a check puts its server's in.
ADDRESS = "127.0.0.1:9000"

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w+) (\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| \[(.+?)\]\(.+?\) \| (.+?) \|", re.MULTILINE)


class Recipe:
    """One part of the page: its files by name, what runs, and what is refused (both as language and text)."""

    def __init__(self, text):
        blocks = BLOCK.findall(text)
        self.files = {name: body for _, name, body in blocks if name not in ("run", "refused", "serve")}
        self.run = [(language, body) for language, name, body in blocks if name == "run"]
        self.refused = [(language, body) for language, name, body in blocks if name == "refused"]
        self.serve = [body for _, name, body in blocks if name == "serve"]

    def write(self, folder, address):
        """Writes its files, with the address of a server."""
        for name, body in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(body.replace(ADDRESS, address))


def recipes():
    """All recipes by their heading; the part before the first heading is ''."""
    first, *parts = HEADING.split(PAGE.read_text())
    return {"": Recipe(first)} | {name: Recipe(text) for name, text in zip(parts[::2], parts[1::2])}


def tried_with():
    """The second column of the table: recipe and what it was tried with."""
    return dict(ROW.findall(PAGE.read_text()))
