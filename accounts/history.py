"""Who stands behind a change: the database's history learns the user of staff requests alone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from pghistory.middleware import HistoryMiddleware


class StaffHistoryMiddleware(HistoryMiddleware):
    """History context below /admin/ only.

    An applicant's request would load the session's user for nothing and prefix every statement of the hot path.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Keep the next layer."""
        super().__init__(get_response)  # type: ignore[no-untyped-call]
        self._plain = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """With context for staff, without for everybody else."""
        if request.path.startswith("/admin/"):
            answer: HttpResponse = super().__call__(request)  # type: ignore[no-untyped-call]
            if not answer.has_header("Cache-Control"):
                add_never_cache_headers(answer)  # Django lets browsers keep the form of a password, and refusals
            return answer
        return self._plain(request)
