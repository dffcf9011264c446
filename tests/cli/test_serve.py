"""`modicum serve`: what is refused before anything listens, and an index that fit keeps."""

from __future__ import annotations

import numpy as np


def test_what_cannot_be_served_is_told_in_a_sentence(run, bundle, tmp_path):
    done = run("serve", tmp_path / "nothing")
    assert (done.code, "there is no bundle at" in done.err) == (2, True)
    done = run("serve", bundle, "--host", "0.0.0.0")
    assert (done.code, "give a secret with --token-file FILE" in done.err) == (2, True)
    (tmp_path / "secret").write_text("short\n")
    done = run("serve", bundle, "--token-file", tmp_path / "secret")
    assert (done.code, "the token has 5 characters; write at least 16" in done.err) == (2, True)
    done = run("serve", bundle, "--token-file", tmp_path / "no-secret")
    assert (done.code, "--token-file names a file that holds the secret" in done.err) == (2, True)


def test_fit_keeps_the_vectors_of_the_rows(run, table, tmp_path):
    call = ("fit", table, "--text", "text", "--label", "topic", "--encoder", "hashed", "--budget", "1", "--index")
    assert run(*call, "--out", tmp_path / "found").code == 0
    assert len(np.load(tmp_path / "found" / "vectors.npy")) == 36
    np.save(tmp_path / "v.npy", np.zeros((36, 4)))
    done = run(*call[:-3], "--index", "--vectors", tmp_path / "v.npy")
    assert (done.code, "--index needs an encoder of texts" in done.err) == (2, True)
