"""Settings of the generator of the docs' site; `tools/docs_site.py` stages the pages and runs it."""

project = "modicum"
copyright = "the authors of modicum, Apache-2.0"
extensions = ["myst_parser"]
myst_heading_anchors = 6  # links to headings, as code hosts name them
html_theme = "furo"
html_title = "modicum"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = None
pygments_style = "friendly"
pygments_dark_style = "monokai"
smartquotes = False  # options begin with two hyphens
nitpicky = True
