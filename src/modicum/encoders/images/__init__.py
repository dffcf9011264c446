"""Images to vectors: encoders of timm, open_clip and transformers by name or folder; needs the extra `images`."""

from modicum.encoders.images.encoder import ImageEncoder, TextTower
from modicum.encoders.images.files import file_digests
from modicum.encoders.images.loading import LIBRARIES, is_image_name, load_image_encoder

__all__ = ["LIBRARIES", "ImageEncoder", "TextTower", "file_digests", "is_image_name", "load_image_encoder"]
