"""Folders of images, and tables whose column names image files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from modicum.core import InputError
from modicum.data.read import is_images, label_space, read, stream


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


class TestFolders:
    def test_sub_folders_are_labels(self, tmp_path):
        root = touch(tmp_path / "photos", "dog/1.jpg", "cat/b/2.PNG", "cat/1.jpeg", "new.webp", "_later/cat/3.gif")
        table = read(root)
        assert table.ids == table.texts == ("_later/cat/3.gif", "cat/1.jpeg", "cat/b/2.PNG", "dog/1.jpg", "new.webp")
        assert table.labels == (None, "cat", "cat", "dog", None)
        assert table.content == table.images == tuple(str(root / name) for name in table.ids)
        assert (table.source, list(table.columns)) == (str(root), ["label"])
        assert label_space(table, None).names == ("cat", "dog")

    def test_other_files_are_left_alone(self, tmp_path):
        root = touch(tmp_path, "cat/1.jpg", "cat/notes.txt", "cat/.2.jpg", ".git/3.jpg", "Thumbs.db", "cat/4.jpg.part")
        assert read(str(root)).ids == ("cat/1.jpg",)

    def test_one_image_is_a_table_of_one_row(self, tmp_path):
        table = read(touch(tmp_path, "a.jpg") / "a.jpg")
        assert (table.ids, table.images, table.labels) == (("a.jpg",), (str(tmp_path / "a.jpg"),), (None,))

    def test_what_is_a_source_of_images(self, tmp_path):
        touch(tmp_path, "a.jpg", "a.csv")
        assert is_images(tmp_path)
        assert is_images(str(tmp_path / "a.jpg"))
        assert not any(map(is_images, [tmp_path / "a.csv", tmp_path / "b.jpg", "-", ["a.jpg"], {"image": ["a.jpg"]}]))

    def test_a_folder_streams_in_runs(self, tmp_path):
        touch(tmp_path, *(f"{n}.jpg" for n in range(7)))
        assert [len(part) for part in stream(tmp_path, chunk_rows=3)] == [3, 3, 1]
        assert sum((part.ids for part in stream(tmp_path, chunk_rows=3)), ()) == read(tmp_path).ids

    @pytest.mark.skipif(os.name == "nt", reason="names are text there")
    def test_names_that_are_no_text_can_be_shown(self, tmp_path):
        name = os.fsdecode(b"caf\xe9.jpg")
        table = read(touch(tmp_path, name))
        assert table.ids == (r"caf\xe9.jpg",)
        assert Path(table.images[0]).is_file()
        "".join(table.ids).encode()

    def test_refusals(self, tmp_path):
        with pytest.raises(
            InputError, match=r"is a folder without images; give the file of a table, or a folder of \.jpg"
        ):
            read(touch(tmp_path, "a.txt"))
        with pytest.raises(InputError, match="is a folder without images"):
            read(tmp_path, text="message")
        touch(tmp_path, "a.jpg")
        for option in ("text", "label", "id", "image"):
            with pytest.raises(InputError, match=f"holds images, and no columns that --{option} could name"):
                list(stream(tmp_path, **{option: "x"}))
        with pytest.raises(InputError, match="no columns that --group could name"):
            read(tmp_path, group="x")
        with pytest.raises(InputError, match="put a few images into sub-folders named after their classes or declare"):
            label_space(read(tmp_path), None)


class TestTables:
    def table(self, folder, *rows):
        touch(folder, "a.jpg", "more/b.jpg")
        (folder / "pets.csv").write_text("\n".join(["file,pet", *rows]) + "\n", encoding="utf-8")
        return folder / "pets.csv"

    def test_files_are_relative_to_the_table(self, tmp_path):
        path = self.table(tmp_path / "data", "a.jpg,cat", "more/b.jpg,", f"{tmp_path}/data/a.jpg,dog")
        table = read(path, image="file", label="pet")
        assert table.images == tuple(str(tmp_path / "data" / name) for name in ("a.jpg", "more/b.jpg", "a.jpg"))
        assert table.texts[:2] == ("a.jpg", "more/b.jpg")
        assert table.labels == ("cat", None, "dog")
        assert table.text_column == "file"
        assert [image.where for image in table.images] == [f"{path}, row {n}" for n in (1, 2, 3)]

    def test_columns_in_memory_are_relative_to_where_one_is(self, tmp_path, monkeypatch):
        monkeypatch.chdir(touch(tmp_path, "a.jpg"))
        assert read({"f": ["a.jpg"]}, image="f").images == ("a.jpg",)

    def test_rows_are_counted_through_a_stream(self, tmp_path):
        path = self.table(tmp_path, *["a.jpg,"] * 5)
        parts = list(stream(path, image="file", chunk_rows=2))
        assert [image.where for part in parts for image in part.images] == [f"{path}, row {n}" for n in range(1, 6)]

    def test_refusals_name_file_and_row(self, tmp_path):
        def refuse(words, *rows, **columns):
            with pytest.raises(InputError, match=words):
                read(self.table(tmp_path, *rows), **columns or {"image": "file"})

        refuse(r"pets\.csv, row 2: there is no image file .*c\.jpg; names are relative to the", "a.jpg,", "c.jpg,")
        refuse(r"pets\.csv, row 1: there is no image file .*more", "more,")
        refuse(r"pets\.csv, row 1: there is no image file", f"{'x' * 5000}.jpg,")
        refuse(r"pets\.csv, row 2: column 'file' is empty; give every row an image file", "a.jpg,", ",cat")
        refuse(r"no column 'fil' \(--image\); did you mean 'file'", "a.jpg,", image="fil")
        refuse("rows are texts .* or images .*, not both", "a.jpg,", image="file", text="file")
