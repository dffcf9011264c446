"""What is checked of a bundle before it is believed: files, sizes, shapes, and a first answer."""
