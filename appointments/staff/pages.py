"""Every page of this folder, imported so that it stands on the staff site."""

from accounts.site import staff_site
from appointments.models import Post
from appointments.staff import booking_pages, closing_pages, day_pages, desk_pages, guide_pages, letters, till_pages  # noqa: F401
from appointments.watch import dashboard, history_pages  # noqa: F401
from appointments.watch import letters as watch_letters  # noqa: F401


def _posts() -> list[tuple[str, str]]:
    return [(post.key, f"{post.name} ({post.key})") for post in Post.objects.order_by("key")]


staff_site.post_choices = _posts
