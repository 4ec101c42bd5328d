"""Activations of every layer, from waveforms to files: ours against the released way, in one process.

The released way: one clip a pass, float32, a hook a layer that appends to a Python list, all lists saved at the end.

    python tests/benchmarks/activations.py            ast-esc10 on 320 clips where ../shared is, else the demo's network
    python tests/benchmarks/activations.py --base     AST-base's geometry with random weights, 2,000 clips: for GPUs
"""

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers

from and_core.algorithms.exemplars import exemplars
from and_core.models.quiet import quiet_transformers
from precompute.config import Component, NetworkTable, RunConfig
from precompute.pipeline import Job, execute, jobs_of
from precompute.run import Run
from precompute.stages.activations import ActivationFolder, Activations
from precompute.stages.clips import ClipArchive, Clips

PROJECT = Path(__file__).resolve().parents[2]
SHARED = PROJECT.parent / "shared"
STAGES = (Clips(), Activations())
MATRIX = 8192


class Silent:
    """A Progress that says nothing."""

    def kept(self, job: Job) -> None: ...

    def started(self, job: Job, items: int, already: int, shards: int) -> None: ...

    def advanced(self, job: Job, items: int) -> None: ...

    def finished(self, job: Job, seconds: float) -> None: ...


@dataclass(frozen=True)
class Workload:
    """A network and what it is played."""

    name: str
    checkpoint: Path
    dataset: Component
    batch_size: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", action="store_true", help="AST-base's geometry instead of a trained small network")
    parser.add_argument("--clips", type=int, default=2000, help="clips that --base is played")
    parser.add_argument("--frames", type=int, default=1024, help="frames that --base hears; fewer make it faster")
    parser.add_argument("--batch-size", type=int, default=64, help="clips a pass for --base")
    parser.add_argument("--released", type=int, default=200, help="clips that the released way is timed on")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        workload = base(Path(folder), arguments) if arguments.base else small()
        report(workload, Path(folder), arguments.released)


def report(workload: Workload, folder: Path, released: int) -> None:
    device = "cuda" if torch.cuda.is_available() else "cpu"
    archive = ClipArchive.of(prepared(workload, folder))
    say(f"{workload.name}: {len(archive)} clips on {device}, {torch.get_num_threads()} threads")
    warm_up(workload, folder, device)
    rates: dict[str, float] = {}
    found: dict[str, ActivationFolder] = {}
    for precision in ("float32", "bfloat16"):
        job, seconds = ours(workload, folder, device, precision)
        found[precision], rates[precision] = ActivationFolder.of(job), len(archive) / seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # before the released way adds to it
    released = min(len(archive), released)
    baseline = released / released_way(workload, archive, folder, device, released)
    say(f"released way     {baseline:8.1f} clips/s   1.00 x   ({released} clips)")
    for precision, rate in rates.items():
        say(f"ours, {precision:<10} {rate:8.1f} clips/s   {rate / baseline:.2f} x")
    if device == "cuda":
        share = flops(workload.checkpoint) * rates["bfloat16"] / bf16_limit()
        say(f"bf16 reaches {share:.1%} of what a product of {MATRIX} x {MATRIX} matrices reaches on this GPU")
    say_moved(found["float32"], found["bfloat16"])
    weights = sum(file.stat().st_size for file in workload.checkpoint.glob("*.safetensors"))
    say(
        f"{found['float32'].neuron_count:,} neurons x {len(archive):,} clips: "
        f"peak memory of ours {peak / 2**30:.2f} GiB, the weights are {weights / 2**30:.2f} GiB"
    )


def small() -> Workload:
    """The trained network of ../shared on real clips, or the demo's on foley."""
    if (SHARED / "models" / "ast-esc10").is_dir():
        return Workload(
            "ast-esc10", SHARED / "models" / "ast-esc10", Component(kind="esc50", root=str(SHARED / "esc10")), 16
        )
    return Workload("ast-foley", PROJECT / "assets" / "ast-foley", Component(kind="foley", clips_per_class=16), 16)


def base(folder: Path, arguments: argparse.Namespace) -> Workload:
    """AST-base with 50 classes and random weights: 55,346 neurons; clips of 5 s, as in ESC-50."""
    checkpoint, sounds = folder / "ast-base", folder / "sounds"
    config = transformers.ASTConfig(id2label={n: f"class {n}" for n in range(50)}, max_length=arguments.frames)
    with quiet_transformers():
        transformers.ASTForAudioClassification(config).save_pretrained(checkpoint)
    transformers.ASTFeatureExtractor(max_length=arguments.frames).save_pretrained(checkpoint)
    noise(sounds, arguments.clips)
    name = f"AST-base, random weights, {arguments.frames} frames"
    return Workload(name, checkpoint, Component(kind="audio_folder", root=str(sounds)), arguments.batch_size)


def noise(folder: Path, clips: int) -> None:
    """Clips of 5 s of noise with a tone, at 16 kHz."""
    import soundfile

    folder.mkdir()
    rng = np.random.default_rng(0)
    seconds = np.arange(5 * 16_000) / 16_000
    for clip in range(clips):
        tone = 0.3 * np.sin(2 * np.pi * rng.uniform(100, 4000) * seconds)
        soundfile.write(folder / f"{clip:05d}.wav", tone + rng.normal(0, 0.05, len(seconds)), 16_000)


def run_of(workload: Workload, folder: Path, device: str, precision: str) -> Run:
    network = NetworkTable(
        kind="huggingface",
        path=str(workload.checkpoint),
        batch_size=workload.batch_size,
        device=device,
        precision=precision,
    )
    return Run(RunConfig(name="bench", dataset=workload.dataset, network={precision: network}), folder / "runs")


def prepared(workload: Workload, folder: Path) -> Job:
    """The stage `clips`, done."""
    jobs = jobs_of(run_of(workload, folder, "cpu", "float32"), STAGES)
    execute(jobs[:1], Silent())
    return jobs[0]


def warm_up(workload: Workload, folder: Path, device: str) -> None:
    """Imports, first allocations and kernels, for both sides."""
    for precision in ("float32", "bfloat16"):
        network = run_of(workload, folder, device, precision).new_network(precision)
        network.forward([np.zeros(network.sample_rate_hz, np.float32)] * workload.batch_size)


def ours(workload: Workload, folder: Path, device: str, precision: str) -> tuple[Job, float]:
    """The stage `activations`, with loading; the job and its seconds."""
    job = jobs_of(run_of(workload, folder, device, precision), STAGES)[1]
    _ = job.key
    start = time.perf_counter()
    execute([job], Silent())
    return job, time.perf_counter() - start


def released_way(workload: Workload, archive: ClipArchive, folder: Path, device: str, clips: int) -> float:
    """Seconds for `clips` clips, loading included, as in `ours`."""
    start = time.perf_counter()
    with quiet_transformers():
        model = transformers.ASTForAudioClassification.from_pretrained(workload.checkpoint, dtype=torch.float32)
    model = model.to(device).eval()
    extractor = transformers.ASTFeatureExtractor.from_pretrained(workload.checkpoint)
    layers = ActivationLayers.of(model)
    for clip in range(clips):
        waveform = archive.waveform(clip, extractor.sampling_rate)
        inputs = extractor(waveform, sampling_rate=extractor.sampling_rate, return_tensors="pt")
        with torch.no_grad():
            model(inputs["input_values"].to(device))
    for name, outputs in layers.kept.items():
        torch.save(torch.cat(outputs), folder / f"{name}.pt")
    return time.perf_counter() - start


@dataclass(frozen=True)
class ActivationLayers:
    """A hook a layer, a list a layer."""

    kept: dict[str, list[torch.Tensor]]

    @classmethod
    def of(cls, model: torch.nn.Module) -> "ActivationLayers":
        kept: dict[str, list[torch.Tensor]] = {}
        for name, module in model.named_modules():
            if name.endswith(("o_proj", "mlp.fc1", "mlp.fc2", "classifier.dense")):
                kept[name] = []
                module.register_forward_hook(appender(kept[name]))
        return cls(kept)


def appender(outputs: list[torch.Tensor]) -> Any:
    def hook(_module: torch.nn.Module, _inputs: Any, output: torch.Tensor) -> None:
        outputs.append((output[:, 0] if output.dim() == 3 else output).detach().cpu())

    return hook


def flops(checkpoint: Path) -> float:
    """Multiplications and additions of one clip's pass."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        config = transformers.ASTConfig.from_pretrained(checkpoint)
        model = transformers.ASTForAudioClassification(config)
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            model(torch.empty(1, config.max_length, config.num_mel_bins))
    return float(counter.get_total_flops())


def bf16_limit() -> float:
    """Operations a second of a large product of matrices in bf16, on this GPU."""
    left, right = (torch.randn(MATRIX, MATRIX, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        left @ right
    torch.cuda.synchronize()
    start = time.perf_counter()
    for _ in range(20):
        left @ right
    torch.cuda.synchronize()
    return 20 * 2 * MATRIX**3 / (time.perf_counter() - start)


def say_moved(exact: ActivationFolder, rounded: ActivationFolder, k: int = 5) -> None:
    """How far bf16 moves the exemplars."""
    kept, same, neurons = 0.0, 0, 0
    for layer in exact.layers:
        clips = [exemplars(np.array(folder.activations(layer.name)), k).high_clips for folder in (exact, rounded)]
        shared = np.array([len(np.intersect1d(*pair)) for pair in zip(*clips, strict=True)])
        kept, neurons = kept + shared.sum() / k, neurons + layer.width
        same += int((clips[0][:, 0] == clips[1][:, 0]).sum())
    say(
        f"bf16 keeps {kept / neurons:.2%} of a neuron's top {k} clips, "
        f"and the very first clip of {same / neurons:.2%} of neurons"
    )


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
