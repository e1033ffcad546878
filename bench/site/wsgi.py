"""The WSGI entry point of the benchmark's site. Must not hold anything else."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.site.settings")

application = get_wsgi_application()
