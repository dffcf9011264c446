"""Each method that HF PEFT has, too, beside it: the same outputs at the start, first step and folded weights."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")
peft = pytest.importorskip("peft")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402

from modicum.encoders import load_folder  # noqa: E402
from modicum.weights.adapt import DiffFit, LoRA, PiSSA, adapt, adapters, fold  # noqa: E402
from modicum.weights.encoder import Batch, read_module  # noqa: E402
from tests.encoders import tiny  # noqa: E402

LINEAR = ["query", "key", "value", "dense"]


class Block(nn.Module):
    """Causal attention with two heads, and a perceptron."""

    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.dense = nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)

    def forward(self, x):
        read = self.norm1(x)
        parts = (part(read).unflatten(-1, (2, -1)).transpose(1, 2) for part in (self.query, self.key, self.value))
        x = x + self.dense(F.scaled_dot_product_attention(*parts, is_causal=True).transpose(1, 2).flatten(2))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class LanguageModel(nn.Module):
    """A small decoder: what comes next?"""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(19, 16), nn.Embedding(8, 16)
        self.blocks = nn.Sequential(Block(16), Block(16))
        self.norm, self.out = nn.LayerNorm(16), nn.Linear(16, 19)

    def forward(self, tokens):
        x = self.words(tokens) + self.places(torch.arange(tokens.shape[1]))
        return self.out(self.norm(self.blocks(x)))


class Pictures(nn.Module):
    """Convolutions with a stride, padding and without a bias."""

    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, (3, 2), stride=2, bias=False)
        self.dense = nn.Linear(8, 5)

    def forward(self, x):
        return self.dense(F.gelu(self.key(F.gelu(self.query(x)))).mean(dim=(2, 3)))


def language_model(tmp_path):
    torch.manual_seed(0)
    return LanguageModel(), (torch.randint(0, 19, (3, 8)),)


def bert(tmp_path):
    encoder = load_folder(tiny.save_transformer(tmp_path / "bert", "bert"), threads=1)
    module = read_module(encoder, dropout=0.0)
    return module, (Batch.of(encoder.tokenize(["my card is lost", "where is the pin ?", "new"]), module.pad),)


def pictures(tmp_path):
    torch.manual_seed(0)
    return Pictures(), (torch.randn(2, 3, 9, 9),)


def same_start(ours, theirs):
    """Give PEFT's low-rank layers the random half of ours; the other half is zero in both."""
    wrapped = dict(theirs.base_model.model.named_modules())
    with torch.no_grad():
        for name, layer in adapters(ours):
            first = wrapped[name].lora_A["default"].weight
            first.copy_(layer.adapter.down.view_as(first))


def stepped(module, x, rate=0.1):
    """The module after a first step of plain gradient descent."""
    optimizer = torch.optim.SGD([p for p in module.parameters() if p.requires_grad], lr=rate)
    module(*x).square().mean().backward()
    optimizer.step()
    return module


def compare(base, x, method, config, targets, start=None):
    """Outputs at the start and after a step, and every tensor once folded."""
    ours = adapt(base(), method, "|".join(rf"{name}$" for name in targets))
    theirs = peft.get_peft_model(base(), config)
    if start is not None:
        start(ours, theirs)
    torch.testing.assert_close(ours(*x), theirs(*x), atol=1e-5, rtol=1e-5)
    before = ours(*x).detach()
    stepped(ours, x)
    stepped(theirs, x)
    assert (ours(*x) - before).abs().max() > 1e-4
    torch.testing.assert_close(ours(*x), theirs(*x), atol=1e-5, rtol=1e-5)
    plain, merged = fold(ours).state_dict(), theirs.merge_and_unload().state_dict()
    assert plain.keys() == merged.keys()
    for name, tensor in plain.items():
        torch.testing.assert_close(tensor, merged[name], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("stabilised", [True, False])
@pytest.mark.parametrize("world", [language_model, bert, pictures], ids=lambda world: world.__name__)
def test_lora(world, stabilised, tmp_path):
    _, x = world(tmp_path / "x")
    config = peft.LoraConfig(r=3, lora_alpha=5, target_modules=LINEAR, use_rslora=stabilised)
    method = LoRA(rank=3, alpha=5.0, stabilised=stabilised)
    compare(lambda: world(tmp_path)[0], x, method, config, LINEAR, same_start)


@pytest.mark.parametrize("world", [language_model, bert], ids=lambda world: world.__name__)
def test_pissa(world, tmp_path):
    _, x = world(tmp_path / "x")
    config = peft.LoraConfig(r=4, lora_alpha=4, target_modules=LINEAR, init_lora_weights="pissa")
    compare(lambda: world(tmp_path)[0], x, PiSSA(rank=4), config, LINEAR)


def test_a_factor_for_each_output_is_ia3_where_there_is_no_bias(tmp_path):
    targets = ["query", "key", "value", "dense"]
    config = peft.IA3Config(target_modules=targets, feedforward_modules=[])
    _, x = language_model(tmp_path)
    compare(lambda: language_model(tmp_path)[0], x, DiffFit(per_output=True), config, targets)
