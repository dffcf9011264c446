"""Every kind of source gives the same entries, and hostile ones do no harm."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modicum.core.errors import InputError
from modicum.data.read.feeds import Told, identifiers_in, iso_date, kind_of_type, make_entry, papers_files, read_entries
from modicum.data.read.feeds.text import decoded, html_blocks, html_text

PAGES = Path(__file__).parents[5] / "shared" / "data" / "pages"
ABSTRACT = "We study rows, and what can be said of them with few labels. " * 5

ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"><title>q</title><entry>
<id>http://arxiv.org/abs/2305.00001v2</id><published>2023-05-01T08:00:00Z</published><title>On x &lt; y and
 rows</title><summary>We study.</summary><author><name>Ada Byron</name></author><author><name>B. Cé</name></author>
<arxiv:doi>10.1162/AB.1</arxiv:doi><link href="http://arxiv.org/abs/2305.00001v2"/>
<category term="cs.CL"/></entry></feed>
"""
RSS = """<rss version="2.0"><channel><title>t</title><item><title>On x &lt; y and rows</title><guid>g</guid>
<link>https://arxiv.org/abs/2305.00001</link><description>&lt;p&gt;We study.&lt;/p&gt;</description>
<author>Ada Byron, B. Cé</author><pubDate>Mon, 01 May 2023 08:00:00 GMT</pubDate></item></channel></rss>"""
DAILY = [{"paper": {"id": "2305.00001", "title": "On x < y and rows", "summary": "We study.", "upvotes": 7,
                    "authors": [{"name": "Ada Byron"}, {"name": "B. Cé"}], "publishedAt": "2023-05-01T08:00:00.000Z"},
          "numComments": 2}]  # fmt: skip
BULK = {"id": "2305.00001", "title": "On x < y\n  and rows", "abstract": "  We study.\n", "doi": "10.1162/AB.1",
        "authors": "A. Byron and B. C\\'e", "authors_parsed": [["Byron", "Ada", ""], ["Cé", "B.", ""]],
        "categories": "cs.CL cs.LG", "versions": [{"version": "v1", "created": "Mon, 1 May 2023 08:00:00 GMT"}],
        "update_date": "2024-01-01"}  # fmt: skip
BIB = r"""@article{k1, title={On x < y and rows}, author={Byron, Ada and B. C{\'e}}, abstract={We study.},
 eprint={2305.00001}, archivePrefix={arXiv}, date={2023-05-01}}
@article{broken, title={never closed
"""
RIS = """TY  - JOUR
TI  - On x < y and rows
AU  - Byron, Ada
AU  - Cé, B.
AB  - We study.
PY  - 2023/05/01
UR  - https://arxiv.org/abs/2305.00001
ER  - 
"""  # noqa: W291 - the end of a record has a blank after its dash
CSV = "title,abstract,authors,date,arxiv_id\nOn x < y and rows,We study.,Ada Byron; B. Cé,2023-05-01,2305.00001\n"
HTML = f"""<html><body><nav>menu</nav><article><h3><a href="/abs/2305.00001">On x &lt; y and <b>rows</b></a></h3>
<p>Ada Byron, B. Cé</p><script>alert("x")</script><p>{ABSTRACT}</p></article></body></html>"""


def entries(folder, name, content, **told):
    file = folder / name
    data = content if isinstance(content, bytes) else content.encode()
    file.write_bytes(data)
    return [entry for run in read_entries(file, Told(name, **told)) for entry in run]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.atom", ATOM), ("a.rss", RSS), ("a.json", json.dumps(DAILY)), ("a.jsonl", json.dumps(BULK) + "\n"),
        ("a.bib", BIB), ("a.ris", RIS), ("a.csv", CSV), ("a.xml", ATOM.encode("utf-16")),
        ("a.json.gz", gzip.compress(json.dumps(DAILY).encode(), mtime=0)), ("a", ATOM), ("b", json.dumps(DAILY)),
        ("c", RIS), ("d", BIB), ("a.json", json.dumps({"papers": DAILY, "page": 1})),
        ("e", f"{json.dumps(BULK)}\n" * 2),
    ],
)  # fmt: skip
def test_every_kind_gives_the_same_paper(tmp_path, name, content):
    found = entries(tmp_path, name, content)[0]
    assert found.title == "On x < y and rows"
    assert found.abstract == "We study."
    assert found.authors == ("Ada Byron", "B. Cé")
    assert found.identifiers[0] == "arxiv:2305.00001"
    assert found.date[:10] == "2023-05-01"


def test_votes_mentions_tags_and_keys_are_told(tmp_path):
    daily = entries(tmp_path, "a.json", json.dumps(DAILY))[0]
    assert (daily.votes, daily.mentions, daily.key) == (7, 2, "arxiv:2305.00001")
    bulk = entries(tmp_path, "a.jsonl", json.dumps(BULK))[0]
    assert bulk.tags == ("cs.CL", "cs.LG")
    assert bulk.identifiers == ("arxiv:2305.00001", "doi:10.1162/ab.1")
    assert entries(tmp_path, "b.atom", ATOM)[0].key == "arxiv:2305.00001"  # whatever its version


def test_a_saved_page_is_read_by_headings(tmp_path):
    found = entries(tmp_path, "page.html", HTML, address="https://arxiv.org/list/new")
    assert [(one.title, one.url) for one in found] == [("On x < y and rows", "https://arxiv.org/abs/2305.00001")]
    assert found[0].abstract == ABSTRACT.strip()


def test_a_second_long_paragraph_belongs_to_the_abstract(tmp_path):
    text = f"menu\n\nOn rows\n\n{ABSTRACT}\n\n{ABSTRACT}\n\nOn columns of tables\n\n{ABSTRACT}\n"
    found = entries(tmp_path, "page.txt", text)
    assert [one.title for one in found] == ["On rows", "On columns of tables"]
    assert len(found[0].abstract) == 2 * len(ABSTRACT) - 1


@pytest.mark.skipif(not PAGES.is_dir(), reason="there is no ../shared/data/pages")
def test_the_five_saved_pages():
    found = [one for file in papers_files(PAGES) for run in read_entries(file, Told(file.name)) for one in run]
    assert (len(found), len({one.title for one in found}), len({one.key for one in found})) == (487, 457, 487)


BOMB = '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_entity_bombs_are_refused(tmp_path, encoding):
    bomb = f"{BOMB}]><rss version='2.0'><channel><item><title>&i;</title></item></channel></rss>"
    with pytest.raises(InputError, match="defines entities of its own"):
        entries(tmp_path, "a.xml", bomb.encode(encoding))


def test_an_encoding_that_hides_markup_is_not_believed(tmp_path):
    hidden = b'<?xml version="1.0" encoding="utf-7"?>' + "<!DOCTYPE l [<!ENTITY a 'b'>]><rss/>".encode("utf-7")
    with pytest.raises(InputError):
        entries(tmp_path, "a.xml", hidden)


def test_script_in_titles_is_text_or_gone(tmp_path):
    script = "<script>alert(1)</script>"
    rss = RSS.replace("On x", "&lt;script&gt;alert(1)&lt;/script&gt;On x").replace("https:", "javascript:")
    found = entries(tmp_path, "a.rss", rss)[0]
    assert (found.title, found.url) == ("On x < y and rows", None)
    assert make_entry({"title": f"{script} \x00\x1b[31m\u202eon rows"}, "a").title == f"{script} [31mon rows"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("é".encode("latin-1"), "é"), ("é".encode(), "é"), (b"\xff\xfe\xe9\x00", "é"), (b"", ""),
        (b'<meta charset="shift_jis">' + "日本".encode("shift_jis"), '<meta charset="shift_jis">日本'),
        (b'<meta charset="unheard-of">\xe9', '<meta charset="unheard-of">é'),
    ],
)  # fmt: skip
def test_encodings(data, text):
    assert decoded(data) == text


@pytest.mark.parametrize("unit", ["<a ", "<!--", '<a x="', "<div>", "</script ", "<script>", "&#", "<![", "<p><b"])
def test_broken_pages_take_time_linear_in_their_size(unit):
    start = time.process_time()
    html_blocks(unit * 100_000)
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xml", "<html><p>no feed</p></html>", "neither Atom nor RSS"),
        ("a.json", '{"a": 1}', "list of papers"),
        ("a.json", "[" * 100_000, "not JSON"),
        ("a.bib", "nothing", "BibTeX"),
        ("a.ris", "nothing", "RIS"),
        ("a.csv", "text,label\na,b\n", "no column of titles"),
        ("a.json.gz", b"\x1f\x8bno", "check that the file is whole"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path, name, content, said):
    with pytest.raises(InputError, match=said):
        entries(tmp_path, name, content)


def test_files_that_are_not_there(tmp_path):
    (tmp_path / "papers.bib").write_text(BIB)
    with pytest.raises(InputError, match=r"did you mean 'papers.bib'\?"):
        list(read_entries(tmp_path / "paper.bib"))
    with pytest.raises(InputError, match="no file of a known kind"):
        papers_files(tmp_path / "nowhere")


@given(st.binary(max_size=400), st.sampled_from(["a.xml", "a.json", "a.bib", "a.ris", "a.html", "a.txt", "a"]))
def test_any_bytes_give_entries_or_a_sentence(tmp_path_factory, data, name):
    try:
        found = entries(tmp_path_factory.mktemp("any"), name, data)
    except InputError:
        return
    assert all(one.title and "\n" not in one.title for one in found)


@given(st.text())
def test_plain_text_of_any_fragment_holds_no_tag(text):
    assert "<script" not in html_text(text.replace("&", "") + "<script>x</script>")


def test_identifiers_and_dates():
    assert identifiers_in(["https://huggingface.co/papers/2305.00001", "see arXiv:cs/0701001v3"]) == (
        "arxiv:2305.00001",
        "arxiv:cs/0701001",
    )
    assert identifiers_in(["https://openreview.net/forum?id=aBcDeF12", "12.34", None, "version 10.1"]) == (
        "openreview:aBcDeF12",
    )
    assert [iso_date(one) for one in ("2020", "2020-13", "0000", None, 2021, "1 Jan 2020 00:00:00 +0100")] == [
        "2020", None, None, None, "2021", "2019-12-31T23:00:00Z",
    ]  # fmt: skip


def test_what_a_server_declares():
    told = ("text/html; charset=utf-8", "Application/RSS+XML", "text/plain", None)
    assert [kind_of_type(one) for one in told] == ["html", "feed", None, None]
