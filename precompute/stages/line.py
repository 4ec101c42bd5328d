"""The line of stages, in the order in which they run."""

from precompute.pipeline import Stage
from precompute.stages.a_closed_concept import AClosedConcept
from precompute.stages.a_in_context import AInContext
from precompute.stages.ablations import Ablations
from precompute.stages.acoustic_words import AcousticWords
from precompute.stages.activations import Activations
from precompute.stages.b_calibration import BCalibration
from precompute.stages.c_open_concept import COpenConcept
from precompute.stages.caption_clusters import CaptionClusters
from precompute.stages.captions import Captions
from precompute.stages.clips import Clips
from precompute.stages.embeddings import AudioEmbeddings, CaptionEmbeddings
from precompute.stages.exemplars import ExemplarStage
from precompute.stages.interpretability import Interpretability
from precompute.stages.name_cosines import NameCosines
from precompute.stages.points import PointEmbeddings
from precompute.stages.publish import Publish
from precompute.stages.summaries import Summaries
from precompute.stages.token_traces import TokenTraceStage

STAGES: tuple[Stage, ...] = (
    Clips(),
    Activations(),
    ExemplarStage(),
    TokenTraceStage(),
    Captions(),
    CaptionClusters(),
    CaptionEmbeddings(),
    AudioEmbeddings(),
    AClosedConcept(),
    NameCosines(),
    Summaries(),
    PointEmbeddings(),
    BCalibration(),
    AInContext(),
    AcousticWords(),
    COpenConcept(),
    Interpretability(),
    Ablations(),
    Publish(),
)
