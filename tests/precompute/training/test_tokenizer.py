import torch

from precompute.training.tokenizer import RandomTokenizer, histograms


def patches(seed=0, number=400):
    return torch.randn(number, 64, generator=torch.Generator().manual_seed(seed))


def test_codes_are_the_nearest_directions_of_the_codebook_and_the_same_for_the_same_seed():
    tokenizer = RandomTokenizer(values=64, codes=32, dimensions=8, seed=1)
    codes = tokenizer(patches())
    pattern = (patches() - patches().mean(1, keepdim=True)) / (patches().std(1, keepdim=True) + 0.01)
    projected = pattern @ tokenizer.projection
    distances = torch.cdist(projected / projected.norm(dim=1, keepdim=True), tokenizer.codebook)
    assert torch.equal(codes, distances.argmin(dim=1))
    assert torch.equal(codes, RandomTokenizer(64, 32, 8, seed=1)(patches()))
    assert not torch.equal(codes, RandomTokenizer(64, 32, 8, seed=2)(patches()))


def test_a_code_is_about_the_pattern_and_not_the_loudness():
    tokenizer = RandomTokenizer(64, 32, 8, seed=0)
    louder = tokenizer(3 * patches() + 2)
    assert (louder == tokenizer(patches())).float().mean() > 0.98


def test_the_codebook_is_used():
    assert len(RandomTokenizer(64, 32, 8, seed=0)(patches(number=2000)).unique()) == 32


def test_nothing_of_it_is_learnt_or_saved():
    tokenizer = RandomTokenizer(64, 32, 8, seed=0)
    assert list(tokenizer.parameters()) == []
    assert tokenizer.state_dict() == {}


def test_histograms_are_shares():
    codes = torch.tensor([[0, 0, 2, 1], [3, 3, 3, 3]])
    assert histograms(codes, 4).tolist() == [[0.5, 0.25, 0.25, 0], [0, 0, 0, 1]]
