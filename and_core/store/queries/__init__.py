"""Every question that is asked of a store, one function each. The only SELECTs of the project outside build.py.

Each query has a LIMIT and takes a few milliseconds; frames name their columns in the docstring. A neuron is given by
its dense id and shown by `layer` and `position`: layer3_output#42. Pages say `from and_core.store import queries` and
call `queries.neurons(...)`; the modules are one for each kind of question.
"""

from and_core.store.queries.a_closed_concept import (
    CERTAINTY_BIN,
    concept_count,
    concept_counts,
    concept_functions,
    concepts_by_layer,
    function_agreement,
    neurons_of_certainty,
    neurons_of_concept,
    neurons_that_disagree,
    pick_certainty,
)
from and_core.store.queries.about_networks import Network, depth, layer_ids, layer_names, layers, networks
from and_core.store.queries.about_run import (
    Dataset,
    classes,
    dataset,
    evaluation_fold,
    folds,
    meta,
    skipped_clips,
    stage_runs,
)
from and_core.store.queries.adjective_counts import adjective_by_layer, adjectives, neurons_with_adjective
from and_core.store.queries.b_calibration import (
    COSINE_BIN,
    calibration_by_layer,
    cosine_counts,
    most_struck_points,
    neurons_left_without_a_point,
    neurons_with_point_struck,
    points_that_change_sides,
)
from and_core.store.queries.c_open_concept import (
    LENGTH_BIN,
    WORD_KINDS,
    WordKind,
    candidate_audit,
    length_counts,
    neurons_of_length,
    neurons_with_candidate,
    neurons_with_word,
    word_by_layer,
    word_kinds,
    words,
    words_by_layer,
)
from and_core.store.queries.caption_clusters import (
    cluster_clips,
    cluster_sentences,
    cluster_words,
    clusters,
    elbow_curve,
    neurons_by_cluster,
    neurons_of_cluster,
)
from and_core.store.queries.findings import clip_measurements, hidden_count, hidden_neurons, measured_names, told_apart
from and_core.store.queries.interpretability_shares import (
    neurons_judged,
    numbers_of_clips,
    reached_by_chance,
    run_criterion,
    shared_by_chance,
    shared_by_layer,
)
from and_core.store.queries.last_layer import last_layer_concepts
from and_core.store.queries.neuron_lists import SortKey, most_interpretable, neurons, neurons_of_layer, search
from and_core.store.queries.one_neuron import (
    Interpretability,
    Neuron,
    Summary,
    activations,
    candidate_words,
    clip,
    closed_concepts,
    concept_picks,
    exemplars,
    find_neuron,
    interpretability,
    nearest_neurons,
    neuron,
    neuron_range,
    open_concepts,
    points,
    prompts,
    quantiles,
    summaries,
    token_traces,
)
from and_core.store.queries.pruning import (
    ablation_deltas,
    ablation_results,
    class_outputs,
    evaluation_clips,
    evidence,
    layer_widths,
    output_names,
    related_classes,
)
from and_core.store.queries.rows import MAX_CONCEPTS, MAX_ROWS
