"""The example's notebook runs, and shows its pictures."""

from __future__ import annotations

import pathlib

import nbformat
from conftest import REPOSITORY
from nbclient import NotebookClient


def test_the_notebook_runs_and_shows_pictures() -> None:
    folder = REPOSITORY / "python" / "examples"
    notebook = nbformat.read(folder / "flights.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "clear the outputs before committing"
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 2
    assert not (pathlib.Path(folder) / "commitment").exists()
