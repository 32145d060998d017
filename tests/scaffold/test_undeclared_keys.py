"""`init` proposes foreign keys that the database does not declare, by names and values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa

from demosnap.config import load
from demosnap.project import Project
from demosnap.scaffold import init, logical
from support.databases import Database

SCHEMA = (
    "CREATE TABLE users (id integer PRIMARY KEY, parent_id integer, is_demo boolean)",
    "CREATE TABLE posts (id integer PRIMARY KEY, user_id integer, parent_id integer)",
    "CREATE TABLE blog_stories (id integer PRIMARY KEY, users_id varchar(9), user_id integer)",
    "CREATE TABLE comments (id integer PRIMARY KEY, commentable_type varchar(40),"
    " commentable_id integer, post_id integer, FOREIGN KEY (post_id) REFERENCES posts (id))",
    "CREATE TABLE likes (id integer PRIMARY KEY, comment_id integer,"
    " FOREIGN KEY (comment_id) REFERENCES comments (id))",
    "CREATE TABLE issue_statuses (id integer PRIMARY KEY, issue_id integer)",
    "CREATE TABLE issues (id integer PRIMARY KEY, status_id integer, user_id integer)",
    "CREATE TABLE wp_terms (term_id integer PRIMARY KEY)",
    "CREATE TABLE wp_termmeta (meta_id integer PRIMARY KEY, term_id integer)",
    "CREATE TABLE django_content_type (id integer PRIMARY KEY, app_label varchar(20) NOT NULL,"
    " model varchar(20) NOT NULL, UNIQUE (app_label, model))",
    "CREATE TABLE wiki_page (id integer PRIMARY KEY)",
    "CREATE TABLE tags_item (id integer PRIMARY KEY, content_type_id integer,"
    " object_id varchar(20), FOREIGN KEY (content_type_id) REFERENCES django_content_type (id))",
    "INSERT INTO users VALUES (1, 2, TRUE), (2, NULL, FALSE)",
    "INSERT INTO posts VALUES (1, 1, 8), (2, 2, 9), (3, NULL, NULL)",
    "INSERT INTO blog_stories VALUES (1, '1', 7), (2, '2', 2)",
    "INSERT INTO comments VALUES (1, 'Post', 1, 1), (2, NULL, 3, NULL),"
    " (3, 'Blog::Story', 2, NULL), (4, 'Nowhere', 1, NULL), (5, NULL, NULL, NULL)",
    "INSERT INTO likes VALUES (1, 1)",
    "INSERT INTO issue_statuses VALUES (1, NULL), (2, 5)",
    "INSERT INTO django_content_type VALUES (3, 'wiki', 'page'), (4, 'wiki', 'gone')",
    "INSERT INTO wiki_page VALUES (7), (8)",
    "INSERT INTO tags_item VALUES (1, 3, '7'), (2, 3, '8'), (3, 4, '7'), (4, 3, 'x')",
)
PROPOSED = """\
  # - {table: blog_stories, columns: user_id, references: users.id}  # 1 of 2 values
  # - {table: comments, columns: commentable_id, references: blog_stories.id, when: \
{commentable_type: 'Blog::Story'}}  # 1 of 1 values
  # - {table: comments, columns: commentable_id, references: posts.id, when: {commentable_type: \
[App\\Models\\Post, Post]}}  # 2 of 2 values
  # - {table: issues, columns: status_id, references: issue_statuses.id}  # the table is empty
  # - {table: issues, columns: user_id, references: users.id}  # the table is empty
  # - {table: posts, columns: user_id, references: users.id}  # 2 of 2 values
  # - {table: tags_item, columns: object_id, references: wiki_page.id, when: {content_type_id: \
{django_content_type: [wiki, page]}}}  # 2 of 2 values
  # - {table: users, columns: parent_id, references: users.id}  # 1 of 1 values
  # - {table: wp_termmeta, columns: term_id, references: wp_terms.term_id}  # the table is empty
"""


def test_they_are_found_and_can_be_used(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    database.execute(*SCHEMA)
    with database.engine.begin() as connection:
        of_php = sa.text("UPDATE comments SET commentable_type = :name WHERE id = 2")
        connection.execute(of_php, {"name": r"App\Models\Post"})

    init("p", url=database.url, confirm=lambda *_: True)

    monkeypatch.chdir(tmp_path / "p")
    file = load().yaml_file
    text = file.read_text()
    assert f"\nforeign_keys:\n{PROPOSED}\n" in text
    assert not load().foreign_keys and not load().tables
    for name in ("posts", "blog_stories", "issues", "comments", "likes"):
        assert f"\n  # {name}: {{via: " in text
    assert "comments: {via: post_id}  # or commentable_id; by foreign_keys, below" in text
    # What is proposed holds as it stands.
    text = re.sub(r"^  # (.*(?:via:|- \{table).*)$", r"  \1", text, flags=re.MULTILINE)
    file.write_text(text)
    before = database.dump()
    project = Project("alembic.ini", url=database.url)
    version = project.revision("general").version
    assert version is not None
    assert {name: count for name, count in version.rows.items() if count} == {
        "users": 1, "posts": 1, "comments": 1, "likes": 1,
    }  # fmt: skip
    project.downgrade("general@base")
    project.upgrade("general@head")
    assert database.dump() == before


@pytest.mark.long
def test_large_tables_are_read_in_part(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(logical, "SAMPLE", 3)
    database.execute(
        "CREATE TABLE notes (id integer PRIMARY KEY)",
        "CREATE TABLE cards (id integer PRIMARY KEY, note_id integer)",
        "CREATE TABLE blanks (id integer PRIMARY KEY, note_id integer)",
        "INSERT INTO notes VALUES (1)",
        "INSERT INTO cards VALUES (1, 1), (2, 1), (3, 1), (4, 1)",
        "INSERT INTO blanks VALUES (1, NULL)",
    )
    init("p", url=database.url, confirm=lambda *_: True)
    text = (tmp_path / "p" / "demo_revisions" / "demosnap.yaml").read_text()
    assert (
        "{table: cards, columns: note_id, references: notes.id}  # 3 of 3 values, in 3 rows" in text
    )
    assert "{table: blanks, columns: note_id, references: notes.id}  # no values yet" in text
