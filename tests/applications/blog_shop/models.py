"""A blog with a shop: comments on posts and products, links in JSON, counters, no foreign keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """A row of the application."""

    id: Mapped[int] = mapped_column(primary_key=True)


class User(Base):
    """Who writes and buys."""

    __tablename__ = "users"
    name: Mapped[str] = mapped_column(sa.String(50), unique=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    seen_at: Mapped[datetime | None]


class Login(Base):
    """A session of a browser."""

    __tablename__ = "logins"
    user_id: Mapped[int]
    token: Mapped[str] = mapped_column(sa.String(50))


class Shop(Base):
    """A shop, which counts its products."""

    __tablename__ = "shops"
    name: Mapped[str] = mapped_column(sa.String(50))
    products: Mapped[int] = mapped_column(default=0)


class Product(Base):
    """What a user sells in a shop."""

    __tablename__ = "products"
    shop_id: Mapped[int]
    user_id: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(100))
    price: Mapped[Any] = mapped_column(sa.Numeric(10, 2))


class Post(Base):
    """An article, with links to other ones, and a counter of its comments."""

    __tablename__ = "posts"
    user_id: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(100))
    body: Mapped[str] = mapped_column(sa.Text)
    links: Mapped[Any] = mapped_column(sa.JSON)
    comments: Mapped[int] = mapped_column(server_default="0", default=0)


class Comment(Base):
    """What a user says of a post or a product."""

    __tablename__ = "comments"
    user_id: Mapped[int]
    about_type: Mapped[str] = mapped_column(sa.String(20))
    about_id: Mapped[int]
    text: Mapped[str] = mapped_column(sa.String(200))


class Tag(Base):
    """A word that real and demo posts share."""

    __tablename__ = "tags"
    word: Mapped[str] = mapped_column(sa.String(50), unique=True)


class Tagging(Base):
    """A word of a post."""

    __tablename__ = "taggings"
    post_id: Mapped[int]
    tag_id: Mapped[int]


class Order(Base):
    """What a user bought."""

    __tablename__ = "orders"
    user_id: Mapped[int]
    address_id: Mapped[int]


class OrderLine(Base):
    """A product of an order."""

    __tablename__ = "order_lines"
    order_id: Mapped[int]
    product_id: Mapped[int]
    pieces: Mapped[int]


class Address(Base):
    """Where an order goes to."""

    __tablename__ = "addresses"
    street: Mapped[str] = mapped_column(sa.String(100))


def comment(session: Session, user: User, about: Post | Product, text: str) -> None:
    """Add a comment, and count it."""
    kind = type(about).__name__
    session.add(Comment(user_id=user.id, about_type=kind, about_id=about.id, text=text))
    if isinstance(about, Post):
        about.comments += 1
