-- The store: one DuckDB file a run, a build product that is never edited. The second file to read (the first is models/protocols.py).
-- Dense ids inside, names in URLs. Keys are declared on small tables only; build.py checks the rest before publishing.
-- $clip_count is filled in by build.py. Tables that hold many rows a neuron are sorted by neuron_id, so that one neuron is one place in the file.

-- ------------------------------------------------------------------ the run
CREATE TABLE store_meta (          -- what the store is: schema_version, run, exemplar_k, clusters, tau, calibration_threshold,
    name  VARCHAR PRIMARY KEY,     -- closed_concept_feature, closed_concept_method (the run's first), and who did what: captioner, summarizer, ...
    value VARCHAR NOT NULL
);
CREATE TABLE stage_run (           -- what was computed, from what, and how long it took
    stage    VARCHAR NOT NULL,
    network  VARCHAR,              -- NULL for stages that serve every network of the run
    key      VARCHAR NOT NULL,     -- hash of everything that can change the stage's result
    settings VARCHAR NOT NULL,     -- JSON: the settings and fingerprints behind that hash
    items    INTEGER NOT NULL,     -- clips or neurons it went through
    seconds  DOUBLE NOT NULL,
    versions VARCHAR NOT NULL      -- JSON: library versions
);
CREATE TABLE prompt (              -- what language models were asked; none where none was asked
    name VARCHAR NOT NULL,         -- summarize_commonalities, acoustic_adjective, ..., or a file of one's own
    hash VARCHAR NOT NULL,         -- of the text; in the settings of the stages that asked it
    text VARCHAR NOT NULL          -- Markdown: system, user and assistant turns, with {placeholders}
);

-- ------------------------------------------------------------------ the probing dataset D_p
CREATE TABLE dataset (
    name        VARCHAR NOT NULL,
    kind        VARCHAR NOT NULL,  -- esc50, audio_folder, foley
    fingerprint VARCHAR NOT NULL,
    clip_count  INTEGER NOT NULL
);
CREATE TABLE class (
    class_id INTEGER PRIMARY KEY,
    name     VARCHAR NOT NULL UNIQUE,
    lemmas   VARCHAR[] NOT NULL    -- content-word lemmas of the name: open-concept pruning compares nouns with them
);
CREATE TABLE clip (
    clip_id          INTEGER PRIMARY KEY,
    filename         VARCHAR NOT NULL,   -- as the data set names it
    class_id         INTEGER,            -- NULL where the data set has no classes
    fold             INTEGER,
    source_recording VARCHAR,
    seconds          DOUBLE NOT NULL,
    sample_rate_hz   INTEGER NOT NULL,
    sha256           VARCHAR NOT NULL,   -- of the audio file beside the store
    audio            VARCHAR NOT NULL,   -- path relative to the store's folder: mono FLAC
    spectrogram      VARCHAR NOT NULL    -- path relative to the store's folder: mel spectrogram PNG, time to the right, low mels at the bottom
);
CREATE TABLE clip_measurement (    -- numbers about a clip
    clip_id INTEGER NOT NULL,
    origin  VARCHAR NOT NULL,      -- 'measured' from the waveform, or 'made': the parameters a synthesised clip was made from
    name    VARCHAR NOT NULL,      -- loudness_dbfs, pitch_hz, brightness_hz, ...
    value   DOUBLE                 -- NULL where it is undefined (the pitch of noise)
);
CREATE TABLE skipped_clip (        -- clips left out of the run, and why
    filename VARCHAR NOT NULL,
    reason   VARCHAR NOT NULL
);

-- ------------------------------------------------------------------ the target networks F
CREATE TABLE network (
    network_id     INTEGER PRIMARY KEY,
    name           VARCHAR NOT NULL UNIQUE,
    kind           VARCHAR NOT NULL,
    settings       VARCHAR NOT NULL,     -- JSON: what the configuration said, to load it again for live pruning
    fingerprint    VARCHAR NOT NULL,     -- live pruning refuses weights whose fingerprint differs
    pool           VARCHAR NOT NULL,     -- how tokens became one activation a clip
    sample_rate_hz INTEGER NOT NULL,
    longest_s      DOUBLE,               -- seconds of a clip that it hears, the rest being cut off; NULL where it hears clips of any length
    neuron_count   INTEGER NOT NULL,
    training       VARCHAR               -- supervised, finetuned, frozen (paper, Table 1); NULL where the configuration does not say
);
CREATE TABLE network_class (       -- the network's own outputs, matched to the data set's classes by name
    network_id INTEGER NOT NULL,
    output     INTEGER NOT NULL,   -- row of the classification head = position of the fc neuron
    name       VARCHAR NOT NULL,
    class_id   INTEGER             -- NULL where the data set has no such class
);
CREATE TABLE layer (
    layer_id    INTEGER PRIMARY KEY,   -- rising with position within a network
    network_id  INTEGER NOT NULL,
    name        VARCHAR NOT NULL,      -- layer3_output
    kind        VARCHAR NOT NULL,      -- attention_output, intermediate, output, fc
    module_path VARCHAR NOT NULL,
    width       INTEGER NOT NULL,
    depth       INTEGER NOT NULL       -- transformer block, from 1; fc is one deeper than the last block
);
CREATE TABLE neuron (
    neuron_id INTEGER NOT NULL,        -- dense over the store, rising with layer_id and position
    layer_id  INTEGER NOT NULL,
    position  INTEGER NOT NULL,        -- the 42 in layer3_output#42
    mean      FLOAT NOT NULL,          -- over all clips
    std       FLOAT NOT NULL,
    quantiles FLOAT[33] NOT NULL       -- at 0, 1/32, ..., 1
);
CREATE TABLE activation (              -- empty when the run has more than 10,000 clips: the quantiles alone remain
    neuron_id INTEGER NOT NULL,
    activations FLOAT[$clip_count] NOT NULL   -- one per clip, in the order of clip_id
);
CREATE TABLE exemplar (                -- the top-K and bottom-K clips of every neuron
    neuron_id  INTEGER NOT NULL,
    polarity   VARCHAR NOT NULL,       -- 'high' or 'low'
    rank       INTEGER NOT NULL,       -- from 1, the most extreme first
    clip_id    INTEGER NOT NULL,
    activation FLOAT NOT NULL
);
CREATE TABLE token_trace (             -- when, and in which band, a neuron fired in each of its exemplars; no rows for fc, constant neurons,
    neuron_id  INTEGER NOT NULL,       -- and networks that cannot say which part of a clip a token heard
    polarity   VARCHAR NOT NULL,       -- with neuron_id and rank: the exemplar
    rank       INTEGER NOT NULL,
    lowest     FLOAT NOT NULL,         -- the number that 0 stands for in trace and bands
    highest    FLOAT NOT NULL,         -- the number that 255 stands for; those between lie evenly (algorithms/token_traces.py restores them)
    trace      UTINYINT[] NOT NULL,    -- one per step of token_grid, at most 64: its highest token output of all bands
    bands      UTINYINT[]              -- one per band of token_grid: its highest token output of all steps; NULL where there is one band
);
CREATE TABLE token_grid (              -- which part of a clip each step and band of its traces is; one row a network and clip that has some
    network_id INTEGER NOT NULL,
    clip_id    INTEGER NOT NULL,
    start_s    FLOAT[] NOT NULL,       -- of every step, in seconds, rising
    end_s      FLOAT[] NOT NULL,       -- steps may overlap
    low_hz     FLOAT[],                -- of every band, rising; NULL where a token hears all frequencies
    high_hz    FLOAT[]
);

-- ------------------------------------------------------------------ words about clips
CREATE TABLE caption (                 -- d_i
    clip_id   INTEGER NOT NULL,
    captioner VARCHAR NOT NULL,
    caption   VARCHAR,                 -- NULL where the captioner gave nothing usable
    raw       VARCHAR,                 -- the model's reply as it came; NULL where no model was asked
    problem   VARCHAR                  -- why the reply cannot be used: empty, refusal, cut off, another language, no sentences, no answer
);
CREATE TABLE caption_sentence (        -- the sentences of the captions, each in one of the K-means clusters of Algorithm 1
    clip_id    INTEGER NOT NULL,
    position   INTEGER NOT NULL,       -- from 1
    sentence   VARCHAR NOT NULL,
    cluster_id INTEGER NOT NULL,
    distance   FLOAT NOT NULL          -- to the centre of its cluster, in the space of the text encoder
);
CREATE TABLE cluster (
    cluster_id     INTEGER PRIMARY KEY,
    sentence_count INTEGER NOT NULL,
    clip_count     INTEGER NOT NULL,
    words          VARCHAR[] NOT NULL, -- its most telling words
    cloud          VARCHAR             -- path relative to the store's folder: word cloud PNG; NULL where it has no words
);
CREATE TABLE cluster_word (            -- what the word cloud draws
    cluster_id INTEGER NOT NULL,
    word       VARCHAR NOT NULL,
    count      INTEGER NOT NULL        -- times it stands in the cluster's sentences
);
CREATE TABLE cluster_elbow (           -- the elbow method's curve: how near K-means comes with so many clusters
    clusters    INTEGER PRIMARY KEY,
    inertia     DOUBLE NOT NULL,       -- sum of squared distances of all sentences to their cluster's centre
    below_chord DOUBLE NOT NULL        -- 0..1 below the line from the first to the last point; the elbow has the largest
);

-- ------------------------------------------------------------------ A: closed-set concepts
CREATE TABLE concept (                 -- D_c
    concept_id INTEGER PRIMARY KEY,
    name       VARCHAR NOT NULL,       -- as in the concept set: sea_waves
    text       VARCHAR NOT NULL        -- as given to the encoder: sea waves
);
CREATE TABLE closed_concept (          -- the best few concepts of every neuron; no rows where a function gives it no answer (a constant neuron)
    neuron_id  INTEGER NOT NULL,
    method     VARCHAR NOT NULL,       -- description_based, text_audio_based, in_context
    similarity VARCHAR,                -- cos, cos_cubed, rank_reorder, wpmi, soft_wpmi; NULL for in_context, which reads the calibrated summary
    rank       INTEGER NOT NULL,       -- from 1
    concept_id INTEGER NOT NULL,
    score      FLOAT                   -- NULL for in_context, which gives an order and no numbers
);
CREATE TABLE concept_pick (            -- the answer of every method that the run asked, one row a neuron and method
    neuron_id  INTEGER NOT NULL,
    method     VARCHAR NOT NULL,       -- as in closed_concept
    similarity VARCHAR,                -- the function that speaks for the method: cos_cubed, or the first where the run has no cos_cubed
    concept_id INTEGER,                -- that function's, or the selector's, first concept; NULL where there is no answer
    margin     FLOAT,                  -- its score less the second concept's; NULL where one of them has none
    share      FLOAT,                  -- how sure: share, 0..1, of resamples of the clips in which it stays first; NULL where nobody looked
    raw        VARCHAR,                -- in_context: the model's reply as it came; NULL where no model was asked
    problem    VARCHAR                 -- in_context: why the reply cannot be used: as in caption
);
CREATE VIEW best_concept AS            -- the pick that stands for its neuron where there is room for one: that of the run's first method
    SELECT neuron_id, concept_id, margin, share FROM concept_pick
    WHERE concept_id IS NOT NULL AND method = (SELECT value FROM store_meta WHERE name = 'closed_concept_method');
CREATE TABLE name_cosine (             -- how alike the names of a concept and a class are: the text cosine of the last-layer evaluation
    concept_id INTEGER NOT NULL,
    class_id   INTEGER NOT NULL,
    cosine     FLOAT NOT NULL          -- of the names, embedded by the run's concept encoder
);

-- ------------------------------------------------------------------ B: summaries and their calibration
CREATE TABLE summary (                 -- S_h and S_l
    neuron_id INTEGER NOT NULL,
    polarity  VARCHAR NOT NULL,
    summary   VARCHAR,                 -- numbered points, one a line; NULL where the exemplars share nothing that could be said, or with a problem
    raw       VARCHAR,                 -- the model's reply as it came; NULL where no model was asked
    problem   VARCHAR                  -- why the reply cannot be used: as in caption
);
CREATE TABLE summary_point (           -- the sentences of S_h and S_l
    neuron_id    INTEGER NOT NULL,
    polarity     VARCHAR NOT NULL,
    position     INTEGER NOT NULL,     -- from 1
    point        VARCHAR NOT NULL,
    kept         BOOLEAN NOT NULL,     -- high: not struck by calibration, so part of S_h^c; low: always true
    nearest_low  INTEGER,              -- high: position of the most similar point of S_l; NULL when S_l is empty, and for low
    similarity   FLOAT                 -- high: cosine with that point
);

-- ------------------------------------------------------------------ C: open-set concepts
CREATE TABLE open_concept (            -- what was extracted from the calibrated summary
    neuron_id      INTEGER NOT NULL,
    word           VARCHAR NOT NULL,   -- lemma, lower case
    part_of_speech VARCHAR NOT NULL,   -- adjective, noun, verb, preposition
    count          INTEGER NOT NULL    -- times it stands in the calibrated summary
);
CREATE TABLE candidate_word (          -- every adjective considered, and the filter that dropped it
    neuron_id  INTEGER NOT NULL,
    word       VARCHAR NOT NULL,
    kept       BOOLEAN NOT NULL,
    dropped_by VARCHAR                 -- 'stop word', 'negated', 'not acoustic', 'not judged'; NULL when kept
);
CREATE TABLE acoustic_word (           -- the judge's answer for every adjective of the run
    word        VARCHAR PRIMARY KEY,
    is_acoustic BOOLEAN,               -- NULL where the judge gave no usable answer
    raw         VARCHAR,               -- the model's reply as it came; NULL where no model was asked
    problem     VARCHAR,               -- why the reply cannot be used: as in caption
    judge       VARCHAR NOT NULL
);

-- ------------------------------------------------------------------ interpretability (Algorithm 1)
CREATE TABLE interpretability (        -- one row a neuron and K; interpretable at tau: shared_clips >= tau
    neuron_id        INTEGER NOT NULL,
    k                INTEGER NOT NULL, -- top-K clips looked at: 5, 10, 20 and the run's own, as far as there are clips
    cluster_id       INTEGER,          -- the cluster most of them share; NULL when no clip has a sentence
    shared_clips     INTEGER NOT NULL, -- how many of the K share it
    shared_sentences INTEGER NOT NULL, -- sentences of the K in one cluster: the multisets of Algorithm 1 added up
    common_sentences INTEGER NOT NULL  -- sentences that all K have in common: their multisets intersected
);
CREATE TABLE interpretability_by_chance (   -- the same of clips drawn by chance: what a share of interpretable neurons is worth
    k       INTEGER NOT NULL,
    reading VARCHAR NOT NULL,          -- clips, sentences, intersection: the columns of interpretability
    shared  INTEGER NOT NULL,
    share   DOUBLE NOT NULL            -- of the draws, 0..1
);
CREATE VIEW run_interpretability AS    -- at the run's own K and tau: one row a neuron
SELECT neuron_id, k, cluster_id, shared_clips,
    shared_clips >= (SELECT CAST(value AS INTEGER) FROM store_meta WHERE name = 'tau') AS interpretable
FROM interpretability
WHERE k = least((SELECT CAST(value AS INTEGER) FROM store_meta WHERE name = 'exemplar_k'), (SELECT count(*) FROM clip));

-- ------------------------------------------------------------------ ablation
CREATE TABLE baseline_logit (          -- the unpruned network on every clip
    network_id INTEGER NOT NULL,
    clip_id    INTEGER NOT NULL,
    logits     FLOAT[] NOT NULL        -- one per output of the network
);
CREATE TABLE ablation (                -- one pruning experiment
    ablation_id  INTEGER PRIMARY KEY,
    network_id   INTEGER NOT NULL,
    strategy     VARCHAR NOT NULL,     -- open_concept, description_based, random
    selection    VARCHAR NOT NULL,     -- which neurons, as docs/pruning.md spells it: the command line and the page Pruning read it again
    control_of   INTEGER,              -- random only: the ablation it is the control of, as many neurons in every layer
    class_id     INTEGER NOT NULL,     -- the class to forget
    seed         INTEGER,              -- random only
    neuron_count INTEGER NOT NULL,
    clip_count   INTEGER NOT NULL,     -- clips it was evaluated on
    clips        VARCHAR NOT NULL      -- which those are, in words, e.g. "fold 5, not seen in training"
);
CREATE TABLE ablation_neuron (
    ablation_id INTEGER NOT NULL,
    neuron_id   INTEGER NOT NULL
);
CREATE TABLE ablation_result (         -- means over the clips of one class
    ablation_id        INTEGER NOT NULL,
    class_id           INTEGER NOT NULL,
    clip_count         INTEGER NOT NULL,
    logit_before       DOUBLE NOT NULL,   -- of the true class: the paper's confidence
    logit_after        DOUBLE NOT NULL,
    probability_before DOUBLE NOT NULL,
    probability_after  DOUBLE NOT NULL,
    accuracy_before    DOUBLE NOT NULL,   -- 0..1
    accuracy_after     DOUBLE NOT NULL
);
