"""What a Django project does with the storages of docs/recipes.md: settings.py is the block, the rest is Django's."""

import urllib.request

import django
from django.conf import settings

from settings import STORAGES

settings.configure(
    STORAGES=STORAGES,
    STATIC_URL="/static/",
    STATICFILES_DIRS=["assets"],
    STATICFILES_FINDERS=["django.contrib.staticfiles.finders.FileSystemFinder"],
    INSTALLED_APPS=["django.contrib.staticfiles"],
)
django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from django.core.files.storage import default_storage  # noqa: E402
from django.core.management import call_command  # noqa: E402

name = default_storage.save("a b.txt", ContentFile(b"hello"))
assert default_storage.exists(name) and default_storage.size(name) == 5
assert default_storage.open(name).read() == b"hello"
assert urllib.request.urlopen(default_storage.url(name)).read() == b"hello"
with default_storage.open("large.bin", "wb") as large:
    large.write(bytes(9 << 20))
call_command("collectstatic", "--noinput", verbosity=0)
