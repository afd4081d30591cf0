"""Sets the wall clock of a real daemon, and of nobody else."""

import os
import struct
from pathlib import Path


class Wall:
    """The daemon's wall clock: see `tests/endurance/wall`. In force for daemons that are started while this is open."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall"
        self.is_off_by(0.0)
        path = os.pathsep.join(
            [str(Path(__file__).parent / "wall"), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
        )
        self.environment = {"HUNTGROUP_LAB_WALL": str(self._file), "PYTHONPATH": path.rstrip(os.pathsep)}

    def is_off_by(self, seconds: float) -> None:
        """From now on."""
        with self._file.open("r+b" if self._file.exists() else "w+b") as file:
            file.write(struct.pack("d", seconds))
