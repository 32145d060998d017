"""A magazine: pages of two kinds, tags by content types, and products beside the tree."""

from django.db import models
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from taggit.managers import TaggableManager
from wagtail.blocks import CharBlock, PageChooserBlock
from wagtail.fields import RichTextField, StreamField
from wagtail.models import Orderable, Page


class Product(models.Model):
    name = models.CharField(max_length=100)
    demo = models.BooleanField(default=False)
    tags = TaggableManager()


class IndexPage(Page):
    intro = RichTextField(blank=True)

    def get_context(self, request):
        context = super().get_context(request)
        context["articles"] = ArticlePage.objects.child_of(self).live().order_by("path")
        return context


class ArticlePage(Page):
    body = StreamField([("text", CharBlock()), ("see", PageChooserBlock())], blank=True)
    products = ParentalManyToManyField(Product, blank=True)


class RelatedPage(Orderable):
    page = ParentalKey(ArticlePage, on_delete=models.CASCADE, related_name="related")
    target = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="+")
