"""`modicum feed`: add, list and poll as a user runs them."""

from __future__ import annotations

import json

import pytest

from modicum.workspace.feed import PaperSearch, Store
from modicum.workspace.feed.keywords import Keywords, find_keywords

ABSTRACT = "We study rows, and what can be said of them with few labels. " * 5


def page(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "1.txt").write_text(f"menu\n\nOn rows of tables\n\n{ABSTRACT}\n\nOn columns of tables\n\n{ABSTRACT}")
    (folder / "2.txt").write_text(f"menu\n\nOn Rows of Tables\n\n{ABSTRACT}")
    return folder


def rows_of_themes():
    """Papers of two themes, which make a page each."""
    for number in range(20):
        for word in ("banks", "storms"):
            yield {"title": f"On {word}, part {number}", "abstract": f"{word} and number{number} {word} again"}


def test_add_tells_read_papers_and_repeated(run, tmp_path):
    done = run("feed", "add", page(tmp_path), "--encoder", "none", "--json")
    assert done.code == 0
    told = json.loads(done.out)
    assert (told["read"], told["papers"], told["repeated"], told["library"]) == (3, 2, ["On rows of tables"], 2)
    assert (tmp_path / "feed" / "feed.sqlite").is_file()


def test_add_in_words(run, tmp_path):
    done = run("feed", "add", page(tmp_path), "--encoder", "none", "--folder", "lab")
    assert "3 entries read, 2 papers, 1 told more than once; 2 papers in lab" in done.out
    assert "  On rows of tables" in done.out
    assert "Read them: modicum feed serve --folder lab" in done.err


def test_list_and_poll(run, tmp_path):
    folder = page(tmp_path)
    run("feed", "add", folder, "--encoder", "none")
    listed = json.loads(run("feed", "list", "--json").out)["sources"]
    assert [(row["source"], row["read"], row["error"]) for row in listed] == [(str(folder), 3, None)]
    assert "pages" in run("feed", "list").out
    assert "no source is due" in run("feed", "poll").err
    (folder / "3.txt").write_text(f"menu\n\nOn heads of vectors\n\n{ABSTRACT}")
    done = json.loads(run("feed", "poll", "--all", "--encoder", "none", "--json").out)
    assert [one["new"] for one in done["sources"]] == [1]


def test_serve_says_what_is_wrong_before_it_listens(run, tmp_path):
    done = run("feed", "serve")
    assert (done.code, "begin one with" in done.err) == (2, True)
    run("feed", "add", page(tmp_path), "--encoder", "none")
    done = run("feed", "serve", "--host", "0.0.0.0")
    assert (done.code, "--token-file" in done.err) == (2, True)
    done = run("feed", "serve", "--address", "papers.example.org")
    assert (done.code, "https://papers.example.org" in done.err) == (2, True)


def test_what_is_wrong_is_said_in_a_sentence(run):
    assert run("feed", "list").code == 2
    done = run("feed", "add", "nowhere.bib", "--encoder", "none")
    assert (done.code, "there is no file" in done.err) == (2, True)
    assert run("feed", "list", "--json").out.count("nowhere") == 0


def test_digest_and_subscribe_without_accounts(run, tmp_path):
    run("feed", "add", page(tmp_path), "--encoder", "none")
    listed = run("feed", "subscribe", "search", "columns of  tables", "--every", "weekly", "--json")
    assert json.loads(listed.out)["subscriptions"] == [
        {"kind": "search", "what": "columns of tables", "every": "weekly"}
    ]
    assert "columns of tables" in run("feed", "subscribe").out
    own = ("--from", "Me <me@example.org>", "--to", "me@example.org", "--dry-run", "digest.eml", "--encoder", "none")
    done = run("feed", "digest", *own)
    assert "digest.eml: the message to me@example.org; nothing was sent (digests due: 1)" in done.out
    message = (tmp_path / "digest.eml").read_text()
    assert "Subject: On columns of tables\n" in message
    assert json.loads(run("feed", "digest", *own, "--json").out) == {
        "file": "digest.eml",
        "to": "me@example.org",
        "due": 1,
    }
    gone = run("feed", "subscribe", "search", "columns", "--off")
    assert (gone.code, "there is no subscription search columns daily" in gone.err) == (2, True)
    run("feed", "subscribe", "search", "columns  of tables", "--every", "weekly", "--off")
    assert "nothing is new" in run("feed", "digest", *own).err


def test_one_entry_is_told_in_the_singular(run, tmp_path):
    (tmp_path / "one.jsonl").write_text('{"title": "Rows of tables are few", "authors": ["Ada Ames"]}\n')
    assert "1 entry read, 1 paper; 1 paper in" in run("feed", "add", tmp_path / "one.jsonl", "--encoder", "none").out


@pytest.mark.enable_socket
def test_digests_sent_are_counted(run, tmp_path, mailbox):
    run("feed", "add", page(tmp_path), "--encoder", "none")
    run("feed", "subscribe", "trending")
    run("feed", "subscribe", "search", "columns")
    own = ("--from", "me@example.org", "--to", "me@example.org", "--encoder", "none")
    sent = [run("feed", "digest", *own, "--smtp", f"smtp://127.0.0.1:{mailbox.port}").out for _ in range(2)]
    assert sent == ["1 digest sent\n", "0 digests sent\n"]


def test_subscribe_to_the_page_of_a_keyword(run, tmp_path):
    (tmp_path / "feed.jsonl").write_text("\n".join(json.dumps(row) for row in rows_of_themes()) + "\n")
    run("feed", "add", "feed.jsonl", "--encoder", "none")
    store = Store.open(tmp_path / "feed")
    find_keywords(store, PaperSearch.open(store, encoder="hashed"), keywords=2)
    pages = Keywords(store)
    one = pages.all()[0]
    done = run("feed", "subscribe", "keyword", f"/keyword/{one.number}", "--json")
    wish = {"kind": "keyword", "what": one.name, "every": "daily", "page": f"/keyword/{one.number}", "gone": False}
    assert json.loads(done.out)["subscriptions"] == [wish]
    pages.rename(one.number, "Money matters")
    assert "Money matters" in run("feed", "subscribe").out
    done = run("feed", "subscribe", "keyword", "money mater")
    assert (done.code, "most like it is 'Money matters'" in done.err) == (2, True)
    pages.drop(one.number)
    assert "Money matters (its page was removed)" in run("feed", "subscribe").out
    assert run("feed", "digest", "--from", "a@b.org", "--to", "a@b.org", "--dry-run", "d.eml").code == 0
    run("feed", "subscribe", "keyword", "Money matters", "--off")
    assert json.loads(run("feed", "subscribe", "--json").out)["subscriptions"] == []
    store.close()


def test_vectors_in_lancedb_are_the_same_feed(run, tmp_path):
    pytest.importorskip("lancedb", reason="the extra `store` is not installed")
    done = run("feed", "list", "--folder", "lance://lab")
    assert (done.code, "--folder lance://lab" in done.err) == (2, True)
    done = run("feed", "add", page(tmp_path), "--encoder", "none", "--folder", "lance://lab", "--json")
    assert (json.loads(done.out)["papers"], (tmp_path / "lab" / "vectors").is_dir()) == (2, True)
    for folder in ("lance://lab", "lab"):
        (source,) = json.loads(run("feed", "list", "--folder", folder, "--json").out)["sources"]
        assert source["papers"] == 2
        assert run("feed", "subscribe", "trending", "--folder", folder).code == 0


def test_where_no_page_can_be_found_a_search_is_proposed(run, tmp_path):
    run("feed", "add", page(tmp_path), "--encoder", "none")
    store = Store.open(tmp_path / "feed")
    PaperSearch.open(store, encoder="hashed")
    store.close()
    done = run("feed", "subscribe", "keyword", "rows")
    assert (done.code, "from 30 papers on; subscribe to a search of the words" in done.err) == (2, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "--from 'Our feed"),
        (("--from", "nobody"), "no e-mail address"),
        (("--from", "a@b.org"), "--smtp smtp://USER@HOST:PORT"),
        (("--from", "a@b.org", "--smtp", "mail.b.org"), "names no mail server"),
        (("--from", "a@b.org", "--smtp", "smtp://u:hush@b.org"), "holds a password"),
        (("--from", "a@b.org", "--smtp", "smtp://u@b.org"), "both a user and a password"),
        (
            ("--from", "a@b.org", "--smtp", "smtp://u@b.org", "--smtp-password-file", "none"),
            "--smtp-password-file names",
        ),
        (("--from", "a@b.org", "--smtp", "smtp://b..org"), "names no mail server"),
        (("--from", "a@b.org", "--smtp", "smtp://b.org", "--address", "b.org"), "no address of a site"),
        (("--from", "a@b.org", "--smtp", "smtp://b.org", "--address", "http://[x"), "no address of a site"),
    ],
)
def test_digest_says_what_is_wrong(run, tmp_path, options, said):
    run("feed", "add", page(tmp_path), "--encoder", "none")
    done = run("feed", "digest", *options)
    assert (done.code, said in done.err) == (2, True), done.err
    assert "hush" not in done.err
