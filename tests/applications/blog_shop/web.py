"""The application's pages, by WSGI."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from applications.blog_shop.models import (
    Address,
    Comment,
    Order,
    OrderLine,
    Post,
    Product,
    Shop,
    Tag,
    Tagging,
)


def application(
    engine: sa.Engine,
) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """Return the WSGI application on a database."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        kind, _, number = environ["PATH_INFO"].strip("/").partition("/")
        with Session(engine) as session:
            lines = list(
                {"posts": _post, "products": _product, "orders": _order}[kind](session, int(number))
            )
        start_response(
            "200 OK" if lines else "404 Not Found", [("Content-Type", "text/html; charset=utf-8")]
        )
        return ["".join(f"<p>{html.escape(line)}</p>" for line in lines).encode()]

    return call


def _post(session: Session, number: int) -> Iterable[str]:
    post = session.get(Post, number)
    if post is None:
        return
    yield from (post.title, post.body, f"{post.comments} comments")
    yield from _comments(session, post)
    for link in post.links["see"]:
        yield f"see {session.get_one(Post, link).title}"
    tags = sa.select(Tag.word).join(Tagging, Tagging.tag_id == Tag.id)
    yield from session.scalars(tags.where(Tagging.post_id == number).order_by(Tag.word))


def _product(session: Session, number: int) -> Iterable[str]:
    product = session.get(Product, number)
    if product is None:
        return
    shop = session.get_one(Shop, product.shop_id)
    yield f"{product.name}, {product.price}, of {shop.name} with {shop.products} products"
    yield from _comments(session, product)


def _order(session: Session, number: int) -> Iterable[str]:
    order = session.get(Order, number)
    if order is None:
        return
    yield session.get_one(Address, order.address_id).street
    for line in session.scalars(
        sa.select(OrderLine).where(OrderLine.order_id == number).order_by(OrderLine.id)
    ):
        yield f"{line.pieces} {session.get_one(Product, line.product_id).name}"


def _comments(session: Session, about: Post | Product) -> Iterable[str]:
    found = sa.select(Comment.text).where(Comment.about_type == type(about).__name__)
    yield from session.scalars(found.where(Comment.about_id == about.id).order_by(Comment.id))
