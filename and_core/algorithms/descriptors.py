"""The words for sound: which measurement earns which word, how a caption says it, how a summary says it.

One table serves three readers. The acoustic captioner asks `describe` which value of each aspect a clip has. The
commonalities summarizer finds the same values in any caption by their `terms`, and states what captions share with
`point`. The limits were set on 320 real recordings of ten classes so that no value holds for most of them.

Points are worded apart on purpose. Module B strikes a point whose sentence embedding resembles a point of the other
summary (cosine > 0.7), so "loud" and "quiet" must not share a frame such as "All five clips have a ... sound".
No point uses a noun that names a common sound source (bell, drop, wave), since nouns of points lead to classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf

Limits = Mapping[str, tuple[float, float]]
"""Measurement -> from (inclusive), to (exclusive). All must hold; a measurement that is missing does not hold."""


@dataclass(frozen=True)
class Value:
    """One value of an aspect, such as "loud" of loudness."""

    name: str
    when: tuple[Limits, ...]
    """Any of these; the first value of an aspect that fits is the clip's. An empty mapping always fits."""
    wordings: tuple[str, ...]
    """How a caption says it: an adjective, or a clause where the aspect's opener does not end with "is"."""
    terms: tuple[str, ...] = ()
    """Words and phrases that mean it in anybody's caption, besides the wordings."""
    point: str = ""
    """How a summary says it, `{share}` standing for "four of the five clips"; empty: too unremarkable to share."""

    @property
    def phrases(self) -> tuple[str, ...]:
        """Everything that means this value in a caption, lower case: name, terms, and wordings without a number."""
        return (self.name, *self.terms, *(wording for wording in self.wordings if "{" not in wording))


@dataclass(frozen=True)
class Aspect:
    """One thing to hear in a clip. Aspects with the same sentence are told in one sentence."""

    name: str
    sentence: str
    values: tuple[Value, ...] = field(repr=False)

    def value_of(self, measurements: Mapping[str, float]) -> Value | None:
        """The first value that fits; None where none does."""
        return next(
            (value for value in self.values if any(_holds(limits, measurements) for limits in value.when)), None
        )


def _holds(limits: Limits, measurements: Mapping[str, float]) -> bool:
    return all(name in measurements and low <= measurements[name] < high for name, (low, high) in limits.items())


def describe(measurements: Mapping[str, float]) -> dict[str, Value]:
    """Aspect name -> value of a clip, in the table's order.

    Args:
        measurements: what `acoustics.measure` found.
    """
    found = ((aspect.name, aspect.value_of(measurements)) for aspect in ASPECTS)
    return {name: value for name, value in found if value is not None}


OTHERWISE: Limits = {}

ASPECTS: tuple[Aspect, ...] = (
    Aspect(
        "loudness",
        "character",
        (
            Value(
                "quiet",
                ({"loudness_dbfs": (-inf, -29)},),
                ("quiet", "faint", "soft"),
                ("hushed", "barely audible", "low volume", "subdued", "gentle", "delicate", "weak", "whispery"),
                "Quiet: {share} are barely a whisper.",
            ),
            Value("medium loudness", ({"loudness_dbfs": (-29, -20)},), ("moderate in level", "of medium loudness")),
            Value(
                "loud",
                ({"loudness_dbfs": (-20, inf)},),
                ("loud", "forceful", "powerful"),
                (
                    "booming",
                    "high volume",
                    "strong",
                    "intense",
                    "deafening",
                    "blaring",
                    "thunderous",
                    "noisily",
                    "loudly",
                ),
                "Loud: {share} fill the room.",
            ),
        ),
    ),
    Aspect(
        "pitch",
        "character",
        (
            Value(
                "high-pitched",
                ({"pitch_hz": (400, inf), "median_frequency_hz": (600, inf)}, {"median_frequency_hz": (2400, inf)}),
                ("high-pitched", "high in pitch", "treble-heavy"),
                (
                    "high pitched",
                    "high pitch",
                    "shrill",
                    "piercing",
                    "squeaky",
                    "screeching",
                    "high frequency",
                    "treble",
                ),
                "High-pitched: trebles dominate in {share}.",
            ),
            Value(
                "low-pitched",
                ({"median_frequency_hz": (1, 500)},),
                ("low-pitched", "low in pitch", "bass-heavy"),
                ("low pitched", "low pitch", "deep", "bassy", "bass", "rumbling", "low frequency", "rumble"),
                "Low-pitched: a bass rumble in {share}.",
            ),
            Value("medium pitch", (OTHERWISE,), ("mid-range",)),
        ),
    ),
    Aspect(
        "brightness",
        "character",
        (
            Value(
                "muffled",
                ({"brightness_hz": (1, 2200)},),
                ("muffled", "dull", "dark"),
                ("dampened", "murky", "veiled", "mellow", "low-quality"),
                "Muffled, as if under a blanket: {share}.",
            ),
            Value("balanced", ({"brightness_hz": (2200, 4200)},), ("evenly coloured", "balanced in colour")),
            Value(
                "bright",
                ({"brightness_hz": (4200, inf)},),
                ("bright", "crisp", "sharp"),
                ("brilliant", "sparkling", "tinny", "brittle", "harsh", "metallic"),
                "Bright: {share} sparkle.",
            ),
        ),
    ),
    Aspect(
        "texture",
        "character",
        (
            Value(
                "tonal",
                ({"pitch_strength": (0.75, inf), "pitch_hz": (100, inf), "noisiness": (-inf, 0.06)},),
                ("tonal", "melodic", "tuneful"),
                ("musical", "harmonic", "pitched", "tones", "melody", "singing", "humming", "whistling", "hum"),
                "Tonal: notes can be told in {share}.",
            ),
            Value(
                "noisy",
                ({"noisiness": (0.1, inf)},),
                ("noise-like", "hissing", "rushing"),
                ("hissy", "hiss", "white noise", "static", "noisy", "breathy", "rustling", "fuzzy", "whooshing"),
                "Noise-like: a hissing texture fills {share}.",
            ),
            Value("mixed texture", (OTHERWISE,), ("rough", "grainy"), ("raspy", "gritty", "coarse")),
        ),
    ),
    Aspect(
        "rhythm",
        "rhythm",
        (
            Value(
                "complete silence",
                ({"loudness_dbfs": (-inf, -90)},),
                ("nothing happens at all", "there is nothing to hear"),
                ("total silence",),
                "Empty: {share} hold digital silence.",
            ),
            Value(
                "repetitive",
                ({"event_rate_hz": (0.75, inf), "repetition": (0.38, inf)},),
                (
                    "it comes in repeated, rhythmic bursts",
                    "it repeats in a regular rhythm",
                    "it is repetitive and rhythmic",
                ),
                (
                    "repetitive",
                    "repeated",
                    "repeatedly",
                    "repeating",
                    "repeats",
                    "rhythmic",
                    "regular",
                    "rhythmically",
                    "periodic",
                    "pulsing",
                ),
                "Repetitive: {share} keep a beat.",
            ),
            Value(
                "irregular",
                ({"event_rate_hz": (0.75, inf)},),
                ("it comes at irregular moments", "it is irregular and scattered", "it comes in irregular bursts"),
                ("irregular", "irregularly", "scattered", "erratic", "sporadic", "random", "randomly", "unpredictable"),
                "Irregular: events scatter across {share}.",
            ),
            Value(
                "isolated",
                ({"silence_share": (0.3, inf)}, {"level_range_db": (25, inf)}),
                ("it comes only once or twice, as isolated events", "it is isolated, heard once or twice"),
                ("single", "one-off", "brief", "briefly"),
                "Isolated: one event stands alone in {share}.",
            ),
            Value(
                "continuous",
                ({"level_range_db": (-inf, 14)},),
                (
                    "it is continuous and steady",
                    "it goes on steadily without a break",
                    "it is a steady, continuous stream",
                ),
                (
                    "continuous",
                    "continuously",
                    "steady",
                    "steadily",
                    "constant",
                    "constantly",
                    "sustained",
                    "uninterrupted",
                    "ongoing",
                ),
                "Continuous: a stream runs through {share}.",
            ),
            Value(
                "fluctuating",
                (OTHERWISE,),
                ("it rises and falls", "it swells and ebbs"),
                ("fluctuating", "wavering", "undulating", "swelling"),
                "Unsteady: {share} swell and ebb.",
            ),
        ),
    ),
    Aspect(
        "tempo",
        "rhythm",
        (
            Value(
                "rapid",
                ({"event_rate_hz": (2.8, inf)},),
                (
                    "about {event_rate_hz:.0f} rapid events follow each other every second",
                    "the pace is fast, about {event_rate_hz:.0f} events a second",
                ),
                ("rapid", "rapidly", "fast", "quick", "quickly", "hurried"),
                "Fast and rapid, a hurried pace in {share}.",
            ),
            Value(
                "slow",
                ({"event_rate_hz": (0.75, 1.5)},),
                ("the pace is slow, about one event a second", "the tempo is slow, roughly one event a second"),
                ("slow", "slowly", "unhurried", "leisurely"),
                "Slow, leisurely and unhurried: {share}.",
            ),
        ),
    ),
    Aspect(
        "attack",
        "envelope",
        (
            Value(
                "sudden",
                ({"attack_s": (-inf, 0.05), "level_range_db": (12, inf)},),
                ("it starts suddenly", "the onset is abrupt", "it sets in with a sudden attack"),
                ("sudden", "suddenly", "abrupt", "abruptly", "percussive", "sharp attack", "explosive", "impulsive"),
                "Sudden: {share} begin with an attack.",
            ),
            Value(
                "gradual",
                ({"attack_s": (0.5, inf), "level_range_db": (10, inf)},),
                ("it builds up gradually", "the onset is gradual", "it sets in gradually"),
                ("gradual", "gradually", "slow attack", "gentle onset"),
                "Gradual build-up at the start of {share}.",
            ),
        ),
    ),
    Aspect(
        "decay",
        "envelope",
        (
            Value(
                "dry",
                ({"decay_s": (-inf, 0.15), "level_range_db": (12, inf)},),
                ("it stops short and dry", "its ending is dry and short", "it dies away at once, dry and short"),
                ("dry", "short", "staccato", "clipped", "choppy"),
                "Dry: the tails of {share} are cut off.",
            ),
            Value(
                "lingering",
                ({"decay_s": (0.6, inf), "level_range_db": (20, inf)},),
                ("it lingers and rings on", "it has a long, resonant tail", "it is resonant and lingers"),
                (
                    "lingering",
                    "lingers",
                    "resonant",
                    "reverberant",
                    "echoing",
                    "echo",
                    "echoes",
                    "ringing",
                    "rings",
                    "long tail",
                    "resonates",
                    "drawn-out",
                ),
                "Resonant: echoes linger in {share}.",
            ),
        ),
    ),
    Aspect(
        "background",
        "scene",
        (
            Value(
                "clean",
                ({"background_dbfs": (-inf, -60)},),
                (
                    "the recording is clean, with almost no background noise",
                    "the recording is clear and clean",
                    "the background is almost silent",
                ),
                (
                    "clean",
                    "clear",
                    "high-quality",
                    "no background noise",
                    "without background noise",
                    "little background noise",
                    "silent background",
                ),
                "Clean and clear recording in {share}.",
            ),
            Value(
                "noisy background",
                ({"background_dbfs": (-48, inf), "level_range_db": (14, inf)},),
                (
                    "background noise is audible",
                    "there is background noise in the recording",
                    "some background noise can be made out",
                ),
                (
                    "background noise",
                    "noisy background",
                    "noise in the background",
                    "ambient noise",
                    "background hum",
                    "background hiss",
                ),
                "Noisy background: hum lies behind {share}.",
            ),
        ),
    ),
    Aspect(
        "silence",
        "scene",
        (
            Value(
                "pauses",
                ({"silence_share": (0.3, inf)},),
                (
                    "long pauses are part of the recording",
                    "much of the time is silent",
                    "silence takes up much of the time",
                ),
                ("pauses", "silences", "pause", "silence", "silent gaps", "gaps", "stretches of silence"),
                "Intermittent: pauses divide {share}.",
            ),
        ),
    ),
    Aspect(
        "change",
        "change",
        (
            Value(
                "growing",
                ({"loudness_change_db": (3, inf)},),
                ("it grows louder towards the end", "it becomes louder over time", "it swells to a crescendo"),
                (
                    "grows louder",
                    "growing louder",
                    "becomes louder",
                    "louder towards the end",
                    "crescendo",
                    "gets louder",
                    "increases in volume",
                    "approaching",
                ),
                "Crescendo: {share} become stronger.",
            ),
            Value(
                "fading",
                ({"loudness_change_db": (-inf, -4)},),
                ("it fades away towards the end", "it becomes softer over time", "it fades out"),
                (
                    "fades",
                    "fading",
                    "fade",
                    "quieter towards the end",
                    "diminuendo",
                    "becomes softer",
                    "becomes quieter",
                    "gets quieter",
                    "decreases in volume",
                    "dies down",
                    "receding",
                ),
                "Fading: {share} become weaker and weaker.",
            ),
            Value(
                "unchanging",
                (OTHERWISE,),
                (
                    "it ends at the level at which it began",
                    "start and end are equally strong",
                    "the end is as strong as the beginning",
                ),
            ),
        ),
    ),
    Aspect(
        "colour change",
        "change",
        (
            Value(
                "brightening",
                ({"brightness_change_hz": (400, inf), "loudness_change_db": (-30, 30)},),
                ("its tone turns brighter with time", "it shifts upwards into brighter tones"),
                ("brighter", "rising in pitch", "rises in pitch", "upwards", "ascending"),
                "Ascending: a brighter tone is reached as {share} go on.",
            ),
            Value(
                "darkening",
                ({"brightness_change_hz": (-inf, -400), "loudness_change_db": (-30, 30)},),
                ("its tone turns darker with time", "it shifts downwards into darker tones"),
                ("darker", "falling in pitch", "falls in pitch", "downwards", "descending"),
                "Dimming: {share} turn darker in colour.",
            ),
        ),
    ),
)
