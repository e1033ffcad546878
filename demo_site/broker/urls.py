"""The broker's own addresses, as its HTTP interface lists them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
