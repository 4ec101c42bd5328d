"""Which function makes the sound of which class. The names are those of ESC-50 where it has the class."""

from collections.abc import Callable

import numpy as np

from and_core.models.datasets.foley import animals, bells, impacts, machines, weather
from and_core.models.datasets.foley.synthesis import Sound

Recipe = Callable[[np.random.Generator], Sound]

RECIPES: dict[str, Recipe] = {
    "dog": animals.dog,
    "rooster": animals.rooster,
    "rain": weather.rain,
    "sea_waves": weather.sea_waves,
    "wind": weather.wind,
    "crackling_fire": weather.crackling_fire,
    "church_bells": bells.church_bells,
    "clock_tick": bells.clock_tick,
    "clock_alarm": bells.clock_alarm,
    "siren": machines.siren,
    "engine": machines.engine,
    "helicopter": machines.helicopter,
    "chainsaw": machines.chainsaw,
    "footsteps": impacts.footsteps,
    "door_wood_knock": impacts.door_wood_knock,
    "glass_breaking": impacts.glass_breaking,
    "water_drops": weather.water_drops,
    "crickets": animals.crickets,
    "chirping_birds": animals.chirping_birds,
    "keyboard_typing": impacts.keyboard_typing,
}
