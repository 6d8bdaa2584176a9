"""How long our own code keeps calls waiting, by what it is doing; it does not know what that is."""

from collections import defaultdict
from dataclasses import dataclass, field


@dataclass(slots=True)
class Overhead:
    """Times and seconds by name; fed from one thread only."""

    times: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))

    def add(self, name: str, seconds: float) -> None:
        """It was done once more, and took so long."""
        self.times[name] += 1
        self.seconds[name] += seconds
