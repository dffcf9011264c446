"""How a bundle is read: its files, sizes and shapes are checked, and a first answer, before it is believed."""
