"""The changelog: fragments are gathered under a version, and every fragment is a sentence for users."""

from __future__ import annotations

import changelog
import pytest


@pytest.fixture
def project(tmp_path):
    (tmp_path / "changelog.d").mkdir()
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\nWhat users notice.\n", encoding="utf-8")
    return tmp_path


def write(project, **fragments):
    for name, text in fragments.items():
        (project / "changelog.d" / f"{name}.md").write_text(text, encoding="utf-8")


def test_fragments_are_gathered_newest_version_first(project):
    write(project, b="`fit` is faster.\n", a="New verb:\n`bend`.\n")
    changelog.gather("0.1.0", "2027-01-02", project)
    write(project, c="`bend` is mended.\n")
    changelog.gather("0.1.1", "2027-02-03", project)
    assert (project / "CHANGELOG.md").read_text(encoding="utf-8") == (
        "# Changelog\n\nWhat users notice.\n\n## 0.1.1 (2027-02-03)\n\n- `bend` is mended.\n"
        "\n## 0.1.0 (2027-01-02)\n\n- New verb: `bend`.\n- `fit` is faster.\n"
    )
    assert changelog.fragments(project) == []


def test_what_cannot_be_gathered_is_refused(project):
    with pytest.raises(ValueError, match=r"changelog\.d is empty"):
        changelog.gather("0.1.0", "2027-01-02", project)
    write(project, a="`fit` is faster.")
    with pytest.raises(ValueError, match="'next' is no version; write three numbers"):
        changelog.gather("next", "2027-01-02", project)
    changelog.gather("0.1.0", "2027-01-02", project)
    write(project, a="`fit` is faster.")
    with pytest.raises(ValueError, match=r"has 0\.1\.0 already; give the next version"):
        changelog.gather("0.1.0", "2027-01-02", project)
    assert len(changelog.fragments(project)) == 1


@pytest.mark.parametrize("fragment", changelog.fragments(), ids=lambda file: file.stem)
def test_a_fragment_is_prose(fragment):
    text = fragment.read_text(encoding="utf-8").strip()
    assert text.endswith(".")
    assert not text.startswith(("#", "-", "*"))
