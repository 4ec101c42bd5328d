"""The run configuration: what a TOML file may say, one documented field a line."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from and_core.errors import ConfigError
from and_core.models.registry import nearest

SHIPPED = Path(__file__).parent / "configs"
PATH_SETTINGS = ("root", "path", "concepts", "model", "prompt", "prompt_one", "prompt_several", "clap", "source_names")
"""Settings that may hold a path of this machine: a record of a training leaves them out."""


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Component(BaseModel):
    """Something from `and_core.models.registry`: its kind, and the settings of that kind."""

    model_config = ConfigDict(extra="allow", frozen=True)

    kind: str

    @property
    def options(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


class NetworkTable(Component):
    """A target network. How it was trained changes nothing that is computed: it says which findings apply to it."""

    training: Literal["supervised", "finetuned", "frozen"] | None = None
    """As in Table 1 of the paper: supervised all through; self-supervised, then all layers fine-tuned; self-supervised,
    then a head trained on the frozen rest."""


class LanguageModelTable(Component):
    """A language model, and how whoever asks it draws its replies, unless told otherwise in a table of its own."""

    temperature: float | None = None
    """0 takes the likeliest words; the paper samples at 1."""
    seed: int | None = None
    """Of sampling; the run's seed where nothing is said."""
    attempts: int | None = None
    """How often something is asked at most, until a reply can be used."""

    @property
    def shared_settings(self) -> dict[str, Any]:
        return self.model_dump(include={"temperature", "seed", "attempts"}, exclude_none=True)


KINDS_THAT_ASK = ("summarizer", "acoustic_word_judge", "concept_selector")
"""Tables whose kind is `language_model`, unless they say otherwise, where there is a language model."""


def built_in(kind: str) -> BeforeValidator:
    """A table that names no kind is about the built-in one: `--set captioner.source_name=none` is enough."""
    return BeforeValidator(lambda table: {"kind": kind, **table} if isinstance(table, dict) else table)


class Exemplars(Section):
    k: Annotated[int, Field(ge=1, le=100)] = 5
    """K: how many of the most and of the least exciting clips describe a neuron (paper, appendix A.4: 5)."""


Method = Literal["description_based", "text_audio_based", "in_context"]


class ClosedConcept(Section):
    methods: Annotated[tuple[Method, ...], Field(min_length=1)] | None = None
    """Which methods to ask; where nothing is said, all that the run has the parts for (paper, section 3.3)."""
    concepts: str = "classes"
    """The concept set D_c: `classes` for the data set's own, the name of a shipped set, or a text file, one a line."""
    similarities: Annotated[
        tuple[Literal["cos", "cos_cubed", "rank_reorder", "wpmi", "soft_wpmi"], ...], Field(min_length=1)
    ] = ("cos", "cos_cubed", "rank_reorder", "wpmi", "soft_wpmi")
    """Similarity functions to score neurons and concepts with."""
    feature: Literal["softmax", "cosine"] = "softmax"
    """A concept's representation over clips: softmax over concepts of 100 x cosine, or the cosine itself."""
    template: Annotated[str, Field(pattern=r"^[^{}]*\{\}[^{}]*$")] = "{}"
    """What is embedded for a concept; {} is its name."""
    keep: Annotated[int, Field(ge=1)] = 5
    """How many best concepts to store per neuron and function."""
    resamples: Annotated[int, Field(ge=0, le=10_000)] = 20
    """Bootstrap resamples of the clips that say how sure a neuron's concept is; 0 leaves that out."""

    @property
    def speaker(self) -> str:
        """The function whose first concept is a method's answer: cos cubed, as for DB in the paper's scripts."""
        return "cos_cubed" if "cos_cubed" in self.similarities else self.similarities[0]


class Calibration(Section):
    threshold: Annotated[float, Field(ge=-1, le=1)] = 0.7
    """t: a point of S_h goes if its cosine with any point of S_l is greater (paper, appendix A.4: 0.7)."""


class Interpretability(Section):
    clusters: Annotated[int, Field(ge=1)] | Literal["elbow"] = "elbow"
    """K-means clusters of caption sentences: a number (paper, section 4.5: 11), or `elbow` for what the curve says."""
    elbow_most: Annotated[int, Field(ge=3, le=200)] = 30
    """How many clusters the elbow's curve tries; it is computed and stored in any case."""
    k: tuple[Annotated[int, Field(ge=1, le=100)], ...] = (5, 10, 20)
    """Numbers of top clips to judge by, besides exemplars.k (paper, appendix G.3: 5, 10, 20)."""
    tau: Annotated[int, Field(ge=1)] = 4
    """A neuron is interpretable when at least tau of its K captions share a cluster (paper: 4)."""


class Ablations(Section):
    strategies: tuple[
        Literal["open_concept", "open_concept_substring", "description_based", "text_audio_based", "in_context"], ...
    ] = ("open_concept",)
    """Which neurons to prune for every class, as docs/pruning.md explains them; none leaves the stage out."""
    random_seeds: Annotated[int, Field(ge=1, le=100)] = 5
    """Random controls beside every strategy and class, each pruning as many neurons in every layer.
    Fewer than five do not say how far chance goes."""
    clips_per_class: Annotated[int, Field(ge=1)] = 10
    """Clips of every class that the pruned network is played."""
    fold: int | None = None
    """Evaluate on clips of this fold alone: name one that the network was not trained on."""


class RunConfig(Section):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    """The run's name and its folder's; the configuration file's name when it says none."""
    seed: Annotated[int, Field(ge=0)] = 0
    """Where every random choice starts."""
    dataset: Component
    """The probing dataset D_p."""
    network: Annotated[dict[str, NetworkTable], Field(min_length=1)]
    """The target networks, each under a name of its own: [network.my-ast]."""
    captioner: Annotated[Component, built_in("acoustic")] = Component(kind="acoustic")
    """Who describes the clips."""
    language_model: LanguageModelTable | None = None
    """Who is asked for summaries and acoustic words; a run without it needs no language model."""
    summarizer: Annotated[Component, built_in("commonalities")] = Component(kind="commonalities")
    """Who says what the captions of a neuron's exemplars share."""
    acoustic_word_judge: Annotated[Component, built_in("lexicon")] = Component(kind="lexicon")
    """Who says which adjectives describe sound."""
    concept_selector: Annotated[Component, built_in("text_similarity")] = Component(kind="text_similarity")
    """Who picks a neuron's concept from its calibrated summary, for module A's in-context method."""
    text_encoder: Annotated[Component, built_in("minilm")] = Component(kind="minilm")
    """Who embeds captions and points, and concepts where no other encoder is set for them."""
    concept_encoder: Component | None = None
    """Who embeds concepts and captions for module A's description-based method, if not the text encoder."""
    audio_text_encoder: Component | None = None
    """Who embeds clips and concepts in one space for module A's text-audio-based method."""
    exemplars: Exemplars = Exemplars()
    a_closed_concept: ClosedConcept = ClosedConcept()
    b_calibration: Calibration = Calibration()
    interpretability: Interpretability = Interpretability()
    ablations: Ablations = Ablations()

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods of module A that are asked, in the order in which they speak for a neuron."""
        has_audio = self.audio_text_encoder is not None
        asked = self.a_closed_concept.methods
        return tuple(
            method
            for method in get_args(Method)
            if (method in asked if asked is not None else method != "text_audio_based" or has_audio)
        )

    @model_validator(mode="before")
    @classmethod
    def asks_its_language_model(cls, tables: Any) -> Any:
        if not isinstance(tables, dict) or not tables.get("language_model"):
            return tables
        asking = {name: tables.get(name, {}) for name in KINDS_THAT_ASK}
        return tables | {
            name: {"kind": "language_model", **table} for name, table in asking.items() if isinstance(table, dict)
        }

    @model_validator(mode="after")
    def tau_can_be_reached(self) -> "RunConfig":
        if self.interpretability.tau > self.exemplars.k:
            raise ValueError(
                f"interpretability.tau = {self.interpretability.tau} is more than exemplars.k = {self.exemplars.k}, "
                "so that no neuron could be interpretable; lower tau"
            )
        return self


def load(source: str | Path, overrides: tuple[str, ...] = ()) -> RunConfig:
    """Read a configuration.

    Args:
        source: a TOML file, or the name of a shipped one (`demo`, `esc10`).
        overrides: `dotted.key=value` pairs that win over the file.

    Raises:
        ConfigError: no such configuration, not TOML, or a key or value that is not right.
    """
    path = find(source)
    table = read_table(path)
    table.setdefault("name", path.stem)
    apply_overrides(table, overrides)
    try:
        return RunConfig.model_validate(table)
    except ValidationError as error:
        raise explain(error, RunConfig, str(path)) from error


def find(source: str | Path, training: bool = False) -> Path:
    """The file of a configuration given by path or by the name of a shipped one.

    Args:
        training: whether one of a training is meant, for the names in the message.

    Raises:
        ConfigError: there is no such file.
    """
    path = Path(source)
    if path.is_file():
        return path
    shipped = SHIPPED / f"{source}.toml"
    if shipped.is_file():
        return shipped
    names = [file.stem for file in SHIPPED.glob("*.toml") if file.stem.startswith("train_") == training]
    raise ConfigError(f"There is no configuration {str(source)!r}.", f"Give a TOML file. {nearest(str(source), names)}")


def read_table(path: Path) -> dict[str, Any]:
    """The file's tables, with paths that start with a dot made absolute from the file's folder."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}.") from error
    anchor(table, path.parent)
    return table


def anchor(table: dict[str, Any], folder: Path) -> None:
    """Make texts in `table` that are dotted relative paths, `./x` and `../x`, absolute, in place."""
    for key, value in table.items():
        if isinstance(value, dict):
            anchor(value, folder)
        elif isinstance(value, str) and value.startswith(("./", "../")):
            table[key] = str((folder / value).resolve())


def apply_overrides(table: dict[str, Any], overrides: tuple[str, ...]) -> None:
    """Write `dotted.key=value` pairs into `table`; a value is read as TOML where it is TOML, else as a string."""
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise ConfigError(f"--set {override!r} is not of the form key=value.", "Example: --set exemplars.k=10.")
        *parents, last = key.strip().split(".")
        target = table
        for parent in parents:
            target = target.setdefault(parent, {})
            if not isinstance(target, dict):
                raise ConfigError(f"--set {key}: {parent!r} is a value, not a table.")
        target[last] = toml_value(text)


def toml_value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def explain(error: ValidationError, model: type[BaseModel], where: str) -> ConfigError:
    """The first complaint of pydantic in the words of the configuration."""
    first = error.errors()[0]
    location = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = known_keys(model, first["loc"][:-1])
        return ConfigError(f"{where}: {location} is not a setting.", nearest(str(first["loc"][-1]), known))
    if first["type"] == "missing":
        return ConfigError(f"{where}: {location} is not set.", f"Add it, or give --set {location}=VALUE.")
    if not location:
        return ConfigError(f"{where}: {first['msg'].removeprefix('Value error, ')}.")
    return ConfigError(f"{where}: {location} = {first['input']!r}: {first['msg']}.")


def known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand at `location` of the configuration."""
    for part in location:
        annotation = model.model_fields[str(part)].annotation
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        model = annotation
    return list(model.model_fields)
