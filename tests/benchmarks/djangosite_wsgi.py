"""What gunicorn loads: the peer's settings first, then its application."""

from tests.benchmarks.djangosite import configure

configure()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - after the settings

application = get_wsgi_application()
