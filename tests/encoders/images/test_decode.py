"""Decoding: what cameras, scanners and web pages leave behind, upright in RGB; what cannot be read is named."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core import InputError
from modicum.core.records import ImageFile

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")
from modicum.encoders.images.decode import ELONGATION, PIXELS, decode  # noqa: E402

RED = (200, 30, 30)


def pixels(file):
    found = decode(str(file))
    assert found.mode == "RGB"
    return np.asarray(found)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.image"


def save(file, image, kind="PNG", **settings):
    image.save(file, format=kind, **settings)
    return file


class TestKinds:
    @pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "GIF", "JPEG", "WEBP", "JPEG2000"])
    def test_formats_are_told_by_content(self, file, kind):
        found = pixels(save(file, Image.new("RGB", (8, 6), RED), kind))
        assert found.shape == (6, 8, 3)
        np.testing.assert_allclose(found.mean(axis=(0, 1)), RED, atol=4)

    def test_opaque_pictures_are_what_pillow_converts_them_to(self, file):
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8))
        for mode in ("RGB", "L", "1", "P", "CMYK", "YCbCr"):
            kind = {"CMYK": "TIFF", "YCbCr": "TIFF"}.get(mode, "PNG")
            save(file, noise.convert(mode), kind)
            with Image.open(file) as image:
                np.testing.assert_array_equal(pixels(file), np.asarray(image.convert("RGB")))

    def test_transparent_pictures_lie_on_white(self, file):
        layer = Image.new("RGBA", (4, 4), (*RED, 255))
        layer.putpixel((0, 0), (0, 0, 0, 0))
        found = pixels(save(file, layer))
        assert tuple(found[0, 0]) == (255, 255, 255)
        assert tuple(found[1, 1]) == RED
        assert tuple(pixels(save(file, Image.new("LA", (4, 4), (0, 0))))[0, 0]) == (255, 255, 255)
        palette = Image.new("P", (4, 4), 1)
        palette.putpalette([0, 0, 0, *RED])
        assert tuple(pixels(save(file, palette, transparency=1))[0, 0]) == (255, 255, 255)

    def test_the_first_frame_of_an_animation(self, file):
        frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, (0, 0, 255))]
        found = pixels(save(file, frames[0], "GIF", save_all=True, append_images=frames[1:]))
        np.testing.assert_allclose(found[0, 0], RED, atol=8)

    def test_sixteen_bits_are_scaled_by_their_range(self, file):
        ramp, scaled = np.array([[0, 256, 257, 32_896, 65_535]], dtype=np.uint16), [0, 0, 1, 128, 255]
        assert pixels(save(file, Image.fromarray(ramp)))[0, :, 0].tolist() == scaled
        assert pixels(save(file, Image.fromarray(ramp.astype(np.int32)), "TIFF"))[0, :, 0].tolist() == scaled

    def test_floats_are_scaled_from_their_lowest_to_their_highest(self, file):
        values = np.array([[-1, 0, 1, np.nan]], dtype=np.float32)
        assert pixels(save(file, Image.fromarray(values), "TIFF"))[0, :, 0].tolist() == [0, 127, 255, 127]
        assert pixels(save(file, Image.fromarray(np.full((1, 3), 7, np.float32)), "TIFF")).max() == 0


class TestOrientation:
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_pictures_are_turned_as_their_camera_says(self, file, orientation):
        """Each orientation undoes how the camera stored an upright picture: rows and columns by the EXIF standard."""
        upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
        stored = {
            1: upright,
            2: upright[:, ::-1],
            3: upright[::-1, ::-1],
            4: upright[::-1],
            5: upright.T,
            6: upright.T[::-1],
            7: upright.T[::-1, ::-1],
            8: upright.T[:, ::-1],
        }[orientation]
        exif = Image.Exif()
        exif[0x0112] = orientation
        save(file, Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
        np.testing.assert_array_equal(pixels(file)[:, :, 0], upright)

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
    def test_broken_exif_data_are_no_reason_to_refuse_the_pixels(self, file):
        save(file, Image.new("RGB", (8, 8), RED), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
        assert pixels(file).shape == (8, 8, 3)


class TestSize:
    def test_bombs_are_refused_before_they_are_decoded(self, file):
        side = int(PIXELS**0.5) + 1

        def part(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
        file.write_bytes(b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", b"") + part(b"IEND", b""))
        with pytest.raises(InputError, match="holds more than 178 million pixels, too many to be decoded; scale it"):
            decode(str(file))

    def test_large_photos_are_decoded_smaller(self, file):
        save(file, Image.new("L", (8200, 8200), 90), "JPEG")
        assert decode(str(file)).size == (4100, 4100)

    def test_slivers_are_cut_about_the_middle(self, file):
        values = np.zeros((2, 100), dtype=np.uint8)
        values[:, 50 - ELONGATION : 50 + ELONGATION] = 9
        for array in (values, values.T):
            found = pixels(save(file, Image.fromarray(np.ascontiguousarray(array))))
            assert sorted(found.shape[:2]) == [2, 2 * ELONGATION]
            assert found.min() == 9


class TestRefusals:
    def refuse(self, file, words):
        with pytest.raises(InputError, match=words) as told:
            decode(ImageFile(str(file), "pets.csv, row 3"))
        assert str(told.value).startswith(f"pets.csv, row 3: {file} ")
        assert "\n" not in str(told.value)

    def test_missing(self, file):
        self.refuse(file, "is not there; correct the name or remove the row")
        file.mkdir()
        self.refuse(file, "is not there")

    @pytest.mark.parametrize("data", [b"", b"hello", b"<svg></svg>", b"%PDF-1.4", b"%!PS-Adobe-3.0 EPSF-3.0\n"])
    def test_no_image(self, file, data):
        file.write_bytes(data)
        self.refuse(file, r"is not an image that can be read \(JPEG, PNG, .* and the like\); convert or remove it")

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP"])
    def test_truncated(self, file, kind):
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
        whole = save(file, noise, kind).read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
        self.refuse(file, "is truncated or damaged|is not an image")

    @given(
        place=st.integers(0, 10_000), value=st.integers(0, 255), kind=st.sampled_from(["PNG", "JPEG", "GIF", "TIFF"])
    )
    def test_damaged_bytes_give_a_picture_or_a_sentence(self, tmp_path_factory, place, value, kind):
        buffer = io.BytesIO()
        Image.fromarray(np.random.default_rng(1).integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(buffer, kind)
        data = bytearray(buffer.getvalue())
        data[place % len(data)] = value
        file = tmp_path_factory.mktemp("damaged") / "a"
        file.write_bytes(data)
        told = ""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                told = decode(str(file)).mode
            except InputError as error:
                told = str(error)
        assert told == "RGB" or told.startswith(str(file))
