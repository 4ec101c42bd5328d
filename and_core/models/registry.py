"""Which class stands behind a `kind` in the configuration. One dict a protocol; modules are imported when asked for."""

import difflib
import importlib
import inspect
import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, get_type_hints

from and_core.errors import ConfigError

REGISTRY: dict[str, dict[str, str]] = {
    "dataset": {
        "esc50": "and_core.models.datasets.esc50:Esc50",
        "gtzan": "and_core.models.datasets.gtzan:Gtzan",
        "urbansound8k": "and_core.models.datasets.urbansound8k:UrbanSound8K",
        "huggingface": "and_core.models.datasets.huggingface:HuggingFaceDataset",
        "audio_folder": "and_core.models.datasets.audio_folder:AudioFolder",
        "foley": "and_core.models.datasets.foley:Foley",
    },
    "network": {
        "beats": "and_core.models.networks.beats.network:BeatsNetwork",
        "huggingface": "and_core.models.networks.huggingface:HuggingFaceNetwork",
    },
    "captioner": {
        "acoustic": "and_core.models.captioners.acoustic:AcousticCaptioner",
        "audio_llm": "and_core.models.captioners.audio_llm:AudioLanguageModelCaptioner",
        "given": "and_core.models.captioners.given:GivenCaptioner",
        "salmonn": "and_core.models.captioners.salmonn.captioner:SalmonnCaptioner",
    },
    "summarizer": {
        "commonalities": "and_core.models.summarizers.commonalities:CommonalitiesSummarizer",
        "language_model": "and_core.models.summarizers.language_model:LanguageModelSummarizer",
    },
    "acoustic_word_judge": {
        "language_model": "and_core.models.acoustic_word_judges.language_model:LanguageModelJudge",
        "lexicon": "and_core.models.acoustic_word_judges.lexicon:LexiconJudge",
    },
    "concept_selector": {
        "language_model": "and_core.models.concept_selectors.language_model:LanguageModelSelector",
        "text_similarity": "and_core.models.concept_selectors.text_similarity:TextSimilaritySelector",
    },
    "language_model": {
        "openai": "and_core.models.language_models.openai:OpenAILanguageModel",
        "transformers": "and_core.models.language_models.transformers:TransformersLanguageModel",
        "vllm": "and_core.models.language_models.vllm:VllmLanguageModel",
    },
    "text_encoder": {
        "clip": "and_core.models.text_encoders.clip:ClipTextEncoder",
        "minilm": "and_core.models.text_encoders.minilm:MiniLM",
        "sentence_transformers": "and_core.models.text_encoders.sentence_transformer:SentenceTransformerEncoder",
    },
    "audio_text_encoder": {
        "ast_minilm": "and_core.models.audio_text_encoders.ast_minilm:AstMiniLM",
        "clap": "and_core.models.audio_text_encoders.clap:Clap",
    },
}


def nearest(word: str, choices: list[str]) -> str:
    """` Did you mean X?` where a choice is close to `word`, else the choices."""
    close = difflib.get_close_matches(word, choices, n=1)
    return f"Did you mean {close[0]!r}?" if close else f"Choose one of: {', '.join(sorted(choices))}."


def create(
    protocol: str,
    kind: str,
    options: dict[str, Any],
    where: str,
    given: Mapping[str, Callable[[], Any]] = MappingProxyType({}),
) -> Any:
    """An instance of the class registered as `kind`, made with `options` as keyword arguments.

    Args:
        where: the table of the configuration, for messages, e.g. `dataset` or `network.ast-esc10`.
        given: arguments that are no settings, such as a language model; made if the constructor has a parameter of
            that name.

    Raises:
        ConfigError: unknown kind, unknown option, missing option or value of another type than the constructor's.
    """
    target = _class(protocol, kind, where)
    parameters = inspect.signature(target).parameters
    settings = {name: parameter for name, parameter in parameters.items() if name not in given}
    for option in options:
        if option not in settings:
            raise ConfigError(f"{where}.{option} is not a setting of kind {kind!r}.", nearest(option, list(settings)))
    for name, parameter in settings.items():
        if parameter.default is inspect.Parameter.empty and name not in options:
            raise ConfigError(
                f"{where}.{name} is not set.", f"Add it to the configuration, or give --set {where}.{name}=VALUE."
            )
    types = get_type_hints(target.__init__)
    typed = {name: _typed(value, types[name], f"{where}.{name}") for name, value in options.items()}
    return target(**typed, **{name: make() for name, make in given.items() if name in parameters})


def settings_of(protocol: str, kind: str, where: str) -> tuple[str, ...]:
    """The names of the settings that a kind takes."""
    return tuple(inspect.signature(_class(protocol, kind, where)).parameters)


def _class(protocol: str, kind: str, where: str) -> Any:
    classes = REGISTRY[protocol]
    if kind not in classes:
        raise ConfigError(f"{where}.kind = {kind!r} is not known.", nearest(kind, list(classes)))
    module, _, class_name = classes[kind].partition(":")
    return getattr(importlib.import_module(module), class_name)


def _typed(value: Any, annotation: Any, where: str) -> Any:
    """`value` as `annotation` has it: a whole number is a fine float, a text a fine Path; "5" is no int.

    Raises:
        ConfigError: it is of another type.
    """
    # Here, not above: the app names networks by this module, and does without pydantic until it loads one.
    import pydantic

    adapter = pydantic.TypeAdapter(annotation)
    try:
        return adapter.validate_python(value, strict=True)
    except pydantic.ValidationError:
        pass  # A configuration has no paths and no tuples. Pydantic's strict mode for JSON, which has none too, knows.
    try:
        return adapter.validate_json(json.dumps(value), strict=True)
    except (pydantic.ValidationError, TypeError) as error:  # TypeError: JSON has no such value, e.g. a date
        expected = inspect.formatannotation(annotation).replace("pathlib.", "").replace("collections.abc.", "")
        raise ConfigError(
            f"{where} = {value!r} is of the wrong type.", f"Give a value of this type: {expected}."
        ) from error
