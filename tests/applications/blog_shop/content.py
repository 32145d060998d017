"""What people do with the blog and its shop, by the ORM."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from applications.blog_shop.models import (
    Address,
    Base,
    Comment,
    Login,
    Order,
    OrderLine,
    Post,
    Product,
    Shop,
    Tag,
    Tagging,
    User,
    comment,
)

Row = TypeVar("Row", bound=Base)

OF_THE_DEMO = 1_000_000
"""The first number of demo rows: real rows of no database come near."""


def write_real_content(session: Session, name: str) -> None:
    """Write what the site's own users have."""
    user = _added(session, User(name=name, is_demo=False))
    shop = _added(session, Shop(name="The shop"))
    pen = _sold(session, shop, user, "Pen", "1.50")
    post = _added(
        session, Post(user_id=user.id, title=f"{name}'s news", body="", links={"see": []})
    )
    _tagged(session, post, "office", "paper")
    comment(session, user, post, "mine")
    comment(session, user, pen, "for sale")
    _ordered(session, user, "Real Street 1", pen)
    session.add(Login(user_id=user.id, token="real"))


def write_demo(session: Session) -> None:
    """Write the demo's users, their posts, products and orders, numbered apart from real rows."""
    for table in Base.metadata.tables.values():
        session.execute(sa.text(f"ALTER TABLE {table.name} AUTO_INCREMENT = {OF_THE_DEMO}"))
    ann, bob = (_added(session, User(name=f"demo {n}", is_demo=True)) for n in ("Ann", "Bob"))
    shop = session.scalars(sa.select(Shop).where(Shop.id == 1)).one()
    kettle = _sold(session, shop, ann, "Kettle; 100% \\ 'steel'", "19.90")
    teapot = _sold(session, shop, bob, "Teapot", "12.00")
    posts: list[Post] = []
    for n in range(3):
        links = {"see": [one.id for one in posts], "note": f"ünïcode {n}"}
        body = f"Cup {n}\nof tea"
        posts.append(
            _added(session, Post(user_id=ann.id, title=f"Tea {n}", body=body, links=links))
        )
    _tagged(session, posts[0], "demo tea", "demo kitchen")
    _tagged(session, posts[1], "demo tea")
    comment(session, bob, posts[0], "nice")
    comment(session, ann, posts[0], "thanks")
    comment(session, bob, kettle, "hot")
    comment(session, bob, session.get_one(Post, 1), "the demo was here")
    _ordered(session, bob, "Demo Street 1", kettle, teapot)
    session.add(Login(user_id=bob.id, token="demo"))


def edit_demo(session: Session) -> None:
    """Change, add and delete rows of the demo, and have a demo user sign in."""
    bob = session.scalars(sa.select(User).where(User.name == "demo Bob")).one()
    bob.seen_at = datetime(2026, 1, 2, 3, 4, 5)
    session.add(Login(user_id=bob.id, token="again"))
    first, second, third = session.scalars(
        sa.select(Post).where(Post.id >= OF_THE_DEMO).order_by(Post.id)
    )
    first.title = "Green tea"
    third.links = {"see": [first.id]}
    session.execute(sa.delete(Tagging).where(Tagging.post_id == second.id))
    session.delete(second)
    session.execute(sa.delete(Comment).where(Comment.text == "thanks"))
    first.comments -= 1
    comment(session, bob, third, "newer")
    shop = session.get_one(Shop, 1)
    cup = _sold(session, shop, bob, "Cup", "3.00")
    _ordered(session, bob, "Demo Street 2", cup)


def _added(session: Session, row: Row) -> Row:
    session.add(row)
    session.flush()
    return row


def _sold(session: Session, shop: Shop, user: User, name: str, price: str) -> Product:
    shop.products += 1
    return _added(
        session, Product(shop_id=shop.id, user_id=user.id, name=name, price=Decimal(price))
    )


def _tagged(session: Session, post: Post, *words: str) -> None:
    for word in words:
        tag = session.scalars(sa.select(Tag).where(Tag.word == word)).one_or_none()
        tag = tag or _added(session, Tag(word=word))
        session.add(Tagging(post_id=post.id, tag_id=tag.id))


def _ordered(session: Session, user: User, street: str, *products: Product) -> None:
    address = _added(session, Address(street=street))
    order = _added(session, Order(user_id=user.id, address_id=address.id))
    for pieces, product in enumerate(products, 1):
        session.add(OrderLine(order_id=order.id, product_id=product.id, pieces=pieces))
