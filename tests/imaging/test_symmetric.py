"""Half of a symmetric matrix does all that the whole one does, where it lies, and lies in a file in parts."""

from __future__ import annotations

import tracemalloc
from zipfile import BadZipFile

import numpy as np
import pytest

from imaging.adjustment.symmetric import Symmetric
from imaging.npz import Parts, begin_of, rows_of, write_npz

SIZES = [1, 2, 5, 6, 41, 300]


def matrix(size: int) -> np.ndarray:
    root = np.random.default_rng(size).normal(size=(size, size))
    return root @ root.T + size * np.eye(size)


@pytest.mark.parametrize("size", SIZES)
def test_what_is_put_in_is_read_back(size) -> None:
    whole = matrix(size)
    half = Symmetric.of(whole)
    assert half.packed.shape == (size * (size + 1) // 2,)
    assert np.array_equal(half.whole(), whole)
    assert np.array_equal(half.diagonal(), np.diag(whole))
    some = np.random.default_rng(1).permutation(size)[: size // 2 + 1]
    assert np.array_equal(half.block(some, some[:2]), whole[np.ix_(some, some[:2])])
    assert np.array_equal(np.vstack(list(half.in_rows())), whole)


@pytest.mark.parametrize("size", SIZES)
def test_it_is_factored_solved_and_inverted_where_it_lies(size) -> None:
    whole, right = matrix(size), np.random.default_rng(2).normal(size=(size, 3))
    half = Symmetric.of(whole)
    packed = half.packed
    half.factor()
    assert half.solve(right) == pytest.approx(np.linalg.solve(whole, right))
    assert half.solve(right[:, 0]) == pytest.approx(np.linalg.solve(whole, right[:, 0]))
    half.invert()
    assert half.packed is packed
    inverse = np.linalg.inv(whole)
    assert half.whole() == pytest.approx(inverse, abs=1e-12)
    assert half.across(right.T) == pytest.approx(right.T @ inverse @ right, abs=1e-12)
    with pytest.raises(np.linalg.LinAlgError):
        Symmetric.of(-whole).factor()


@pytest.mark.parametrize("size", SIZES)
def test_blocks_products_and_the_diagonal_are_added(size) -> None:
    whole, random = matrix(size), np.random.default_rng(3)
    half = Symmetric.of(whole)
    places = random.permutation(size)[: max(1, size // 3)]
    block = matrix(len(places))
    factor = random.normal(size=(size, 2))
    half.add(places, block)
    half.add(places, np.asfortranarray(block))
    half.add_to_diagonal(places, np.full(len(places), 0.5))
    half.add_product(factor)
    half.grow_diagonal(1.25)
    whole[np.ix_(places, places)] += 2 * block + 0.5 * np.eye(len(places))
    whole += factor @ factor.T
    whole[np.diag_indices(size)] *= 1.25
    assert half.whole() == pytest.approx(whole)
    half.set_apart(places, 7.0)
    whole[places], whole[:, places] = 0.0, 0.0
    whole[places, places] = 7.0
    assert half.whole() == pytest.approx(whole)


def test_half_of_it_is_all_that_is_held() -> None:
    size = 1200
    whole = matrix(size)
    Symmetric.of(matrix(4)).across(np.ones((1, 4)))
    tracemalloc.start()
    half = Symmetric.of(whole)
    half.factor()
    half.solve(np.ones(size))
    half.invert()
    half.across(np.ones((3, size)))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 0.75 * whole.nbytes


def test_it_is_written_and_read_in_parts_as_numpy_would(tmp_path) -> None:
    whole, path = matrix(300), tmp_path / "kept.npz"
    half = Symmetric.of(whole)
    write_npz(path, {"spread": Parts(whole.shape, half.in_rows()), "names": np.array(["a", "bc"])})
    with np.load(path, allow_pickle=False) as arrays:
        assert np.array_equal(arrays["spread"], whole)
        assert arrays["names"].tolist() == ["a", "bc"]
    assert begin_of(path, "spread")[1:] == (whole.shape, whole.dtype)
    assert np.array_equal(Symmetric.read(300, rows_of(path, "spread", 77)).packed, half.packed)
    with pytest.raises(KeyError):
        begin_of(path, "nothing")


def test_a_matrix_that_numpy_wrote_column_by_column_is_read_too(tmp_path) -> None:
    whole, path = matrix(40), tmp_path / "kept.npz"
    np.savez(path, spread=np.asfortranarray(whole))
    assert np.array_equal(Symmetric.read(40, rows_of(path, "spread", 7)).whole(), whole)


def test_a_file_that_is_cut_short_is_no_file(tmp_path) -> None:
    path = tmp_path / "kept.npz"
    write_npz(path, {"spread": matrix(40)})
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 2)
    with pytest.raises(BadZipFile):
        list(rows_of(path, "spread", 7))
