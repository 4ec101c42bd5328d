import numpy as np
import pytest
import torch

from and_core.errors import PipelineError
from precompute.training.state import State


def parts(seed):
    torch.manual_seed(seed)
    module = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(module.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))
    rng = np.random.default_rng(seed)
    return module, optimizer, schedule, rng


def step(module, optimizer, schedule, rng):
    loss = module(torch.from_numpy(rng.normal(size=(4, 3)).astype("f4")) + torch.randn(4, 3)).square().sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()


def test_what_was_saved_goes_on_as_if_it_had_never_stopped(tmp_path):
    first, second = parts(0), parts(1)
    step(*first)
    State(tmp_path / "state.pt", "key", lambda _: None).save(*first, [{"epoch": 1.0}])
    step(*first)
    assert State(tmp_path / "state.pt", "key", lambda _: None).restore(*second) == [{"epoch": 1.0}]
    step(*second)
    assert torch.equal(first[0].weight, second[0].weight)
    assert first[2].get_last_lr() == second[2].get_last_lr()
    assert first[3].random() == second[3].random()


def test_only_whole_states_are_left_behind(tmp_path):
    state = State(tmp_path / "made" / "state.pt", "key", lambda _: None)
    state.save(*parts(0), [])
    state.save(*parts(1), [])
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["state.pt"]


def test_a_place_that_takes_no_state_is_one_message(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(PipelineError, match="cannot be written"):
        State(tmp_path / "file" / "state.pt", "key", lambda _: None).save(*parts(0), [])
