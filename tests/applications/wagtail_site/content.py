"""What people do with the site, by Wagtail's own ORM and its pages."""

from django.apps import apps
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client
from magazine.models import ArticlePage, IndexPage, Product, RelatedPage
from wagtail.models import Collection, Locale, Page, Site

OF_THE_DEMO = 1_000_000
"""The first number of demo rows: real rows of no database come near."""


def use(url):
    """Have the application work on another database, as a process of its own would."""
    connection.close()
    parts = {"NAME": url.database, "USER": url.username, "PASSWORD": url.password or ""}
    connections["default"].settings_dict.update(parts, HOST=url.host, PORT=url.port)
    ContentType.objects.clear_cache()
    Site.clear_site_root_paths_cache()


def migrate(*, later=False):
    """Make the tables, and what Wagtail's first migration makes in them.

    `later`: content types get the numbers that they have where the magazine was installed later.
    """
    order = dict(apps.app_configs)
    try:
        if later:
            apps.app_configs["magazine"] = apps.app_configs.pop("magazine")
        call_command("migrate", run_syncdb=True, verbosity=0)
    finally:
        apps.app_configs.clear()
        apps.app_configs.update(order)
    ContentType.objects.clear_cache()
    Locale.objects.create(language_code="en")
    Collection.add_root(name="Root")
    root = Page.add_root(title="Root", slug="root")
    home = root.add_child(instance=IndexPage(title="Home", slug="home"))
    Site.objects.create(hostname="localhost", root_page=home, is_default_site=True)


def write_real_content(name):
    """Publish an article, tag a product, and let an editor in."""
    home = Page.objects.get(slug="home")
    editor = User.objects.create_superuser("editor", password="real")
    product = Product.objects.create(name=f"{name} pen")
    product.tags.add("office", "paper")
    article = home.add_child(instance=ArticlePage(title=f"{name} news", slug="news", owner=editor))
    article.products = [product]
    article.save_revision(user=editor).publish()


def _number_from(first):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_serial_sequence(table_name, column_name) FROM"
            " information_schema.columns WHERE is_identity = 'YES'"
            " AND table_name ~ '^(wagtailcore|magazine|taggit|auth)_'"
        )
        for (sequence,) in cursor.fetchall():
            cursor.execute("SELECT setval(%s, %s, false)", [sequence, first])


def write_demo():
    """Build a section of the site for the demo, beside the home page."""
    _number_from(OF_THE_DEMO)
    user = User.objects.create_superuser("demo", password="demo")
    products = [Product.objects.create(name=n, demo=True) for n in ("Kettle", "Teapot")]
    products[0].tags.add("kitchen")
    products[1].tags.add("kitchen", "office")
    root = Page.objects.get(depth=1)
    index = root.add_child(instance=IndexPage(title="Demo", slug="demo", intro="<p>It's 100%</p>"))
    Site.objects.create(hostname="demo.localhost", root_page=index)
    articles = []
    for n in range(3):
        article = ArticlePage(title=f"Tea {n}", slug=f"tea-{n}", owner=user)
        article.body = [("text", f"Cup {n}: ünïcode"), *(("see", one) for one in articles[:1])]
        index.add_child(instance=article)
        article.products = products[: n + 1]
        article.related = [RelatedPage(target=one) for one in articles]
        article.save_revision(user=user).publish()
        articles.append(article)


def edit_demo():
    """Change, move, add and delete pages of the demo, as an editor does."""
    user = User.objects.get(username="demo")
    index = IndexPage.objects.get(slug="demo")
    first = ArticlePage.objects.get(slug="tea-0")
    first.title = "Green tea"
    first.save_revision(user=user).publish()
    ArticlePage.objects.get(slug="tea-1").delete()
    below = ArticlePage(title="Below", slug="below", owner=user)
    first.add_child(instance=below)
    ArticlePage.objects.get(slug="tea-2").move(below, pos="last-child")
    index.refresh_from_db()
    Product.objects.get(name="Teapot").tags.set(["garden"])


def pages():
    """Return the text of all pages, the editor's view of the tree and what Wagtail finds wrong."""
    read = {}
    for host, paths in {
        "localhost": ["/", "/news/"],
        "demo.localhost": ["/", "/tea-0/", "/tea-1/", "/tea-2/", "/tea-0/below/"],
    }.items():
        for path in paths:
            answer = Client().get(path, headers={"host": host})
            read[host + path] = answer.status_code, " ".join(answer.content.decode().split())
    read["tree"] = Page.find_problems()
    read["kinds"] = [(p.slug, type(p.specific).__name__) for p in Page.objects.order_by("path")]
    return read


def admin(name, password):
    """Sign in to Wagtail's administration, and return the statuses of its pages."""
    client = Client(headers={"host": "localhost"})
    assert client.login(username=name, password=password)
    found = [client.get("/admin/pages/").status_code]
    for page in Page.objects.filter(depth__gt=1):
        found.append(client.get(f"/admin/pages/{page.pk}/edit/").status_code)
    client.logout()
    return found
