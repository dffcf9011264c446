"""The randomised decomposition beside the full one."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from modicum.weights.adapt import top_spectrum  # noqa: E402


def matrix(out=80, width=120, decay=0.9, seed=0):
    generator = torch.Generator().manual_seed(seed)
    U, _ = torch.linalg.qr(torch.randn(out, out, generator=generator, dtype=torch.double))
    V, _ = torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.double))
    s = decay ** torch.arange(out, dtype=torch.double)
    return ((U * s) @ V[:out]).float()


@pytest.mark.parametrize("rank", [1, 8, 60])
def test_parity_with_the_full_decomposition(rank):
    A = matrix()
    found = top_spectrum(A, rank)
    U, s, V = torch.linalg.svd(A.double(), full_matrices=False)
    torch.testing.assert_close(found.values.double(), s[:rank], atol=1e-5, rtol=1e-4)
    best = (U[:, :rank] * s[:rank]) @ V[:rank]
    ours = (found.left * found.values) @ found.right
    torch.testing.assert_close(ours.double(), best, atol=1e-4, rtol=0)


@pytest.mark.parametrize("shape", [(96, 200), (200, 96)])
@pytest.mark.parametrize("decay", [0.3, 0.8])
def test_steep_spectra_of_either_shape_in_single_precision(shape, decay):
    A = matrix(*sorted(shape), decay=decay)
    A = A if A.shape == shape else A.T
    found = top_spectrum(A, 6)
    U, s, V = torch.linalg.svd(A.double(), full_matrices=False)
    torch.testing.assert_close(found.values.double(), s[:6], atol=1e-6, rtol=1e-5)
    ours = (found.left * found.values) @ found.right
    torch.testing.assert_close(ours.double(), (U[:, :6] * s[:6]) @ V[:6], atol=1e-5, rtol=0)


def test_a_matrix_of_less_than_the_rank():
    A = matrix(decay=0.9)[:, :2] @ torch.randn(2, 120, generator=torch.Generator().manual_seed(1))
    found = top_spectrum(A, 8)
    torch.testing.assert_close((found.left * found.values) @ found.right, A, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.left.T @ found.left, torch.eye(8), atol=1e-5, rtol=0)
    assert found.values[2:].max() < 1e-5


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_kept(kind):
    A = matrix().to(kind)
    found = top_spectrum(A, 8)
    assert found.left.dtype == found.values.dtype == found.right.dtype == kind
    s = torch.linalg.svdvals(A.double())[:8]
    torch.testing.assert_close(found.values.double(), s, atol=1e-6, rtol=1e-9 if kind == torch.float64 else 1e-2)


def test_what_is_left_out_is_told():
    A = matrix()
    found = top_spectrum(A, 10)
    rest = A - (found.left * found.values) @ found.right
    assert found.left_out == pytest.approx(float(rest.norm() / A.norm()), abs=1e-5)
    assert top_spectrum(A, 80).left_out == pytest.approx(0, abs=1e-3)


def test_vectors_are_orthonormal_and_always_the_same():
    A = matrix(decay=0.99)
    found, again = top_spectrum(A, 12), top_spectrum(A.clone(), 12)
    one = torch.eye(12)
    torch.testing.assert_close(found.left.T @ found.left, one, atol=1e-5, rtol=0)
    torch.testing.assert_close(found.right @ found.right.T, one, atol=1e-5, rtol=0)
    assert torch.equal(found.left, again.left)
    assert (found.left.gather(0, found.left.abs().argmax(0, keepdim=True)) > 0).all()


def test_a_flat_spectrum_loses_hardly_more_than_it_must():
    A = torch.randn(200, 150, generator=torch.Generator().manual_seed(0))
    s = torch.linalg.svdvals(A.double())
    least = float(s[20:].square().sum().sqrt() / s.square().sum().sqrt())
    assert least <= top_spectrum(A, 20).left_out < 1.01 * least
