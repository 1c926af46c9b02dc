"""Logs: one JSON object a line, with the request's id and no personal data.

What a person typed never reaches a log: the request line is logged by the name of its route, not by its path (paths
carry references), and the address of the visitor is left out. Control characters are escaped by the encoder, so that
nobody writes a line of their own into the log.
"""

from __future__ import annotations

import logging
import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

_EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}")
_LONG_DIGITS = re.compile(r"(?<!\w)\d{6}(?!\w)")
Event = MutableMapping[str, Any]


def mask(_logger: Any, _name: str, event: Event) -> Event:
    """Last line of defence: e-mail addresses and six-digit codes are masked in the message of any library."""
    for key, value in event.items():
        if isinstance(value, str) and key not in {"timestamp", "request_id"}:
            event[key] = _LONG_DIGITS.sub("[six digits]", _EMAIL.sub("[e-mail]", value))
    return event


def by_route(_logger: Any, _name: str, event: Event) -> Event:
    """What Django logs of a failed request names its path, in the words and in the request it adds: we name its route.

    Django writes paths with its own escapes (`django.utils.log.log_response`).
    """
    request = event.pop("request", None)
    path = str(getattr(request, "path", ""))
    if len(path) > 1:
        for spelled in (path, path.encode("unicode_escape").decode()):
            event["event"] = str(event["event"]).replace(spelled, "[path]")
    match = getattr(request, "resolver_match", None)
    if match is not None:
        event["route"] = match.route
    return event


def configure(options: dict[str, str]) -> None:
    """Set up structlog and the standard logging behind it; `options` has `level` and `format` (json or console)."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        by_route,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if options["format"] == "json":
        final: list[structlog.typing.Processor] = [
            structlog.processors.format_exc_info,
            mask,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    else:
        final = [structlog.processors.format_exc_info, mask, structlog.dev.ConsoleRenderer(colors=False)]
    structlog.configure(
        # What the level leaves out is not put together first.
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *final],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": options["level"]},
            "loggers": {
                # Our own middleware writes the request line; Django's would write the path.
                "django.request": {"level": "ERROR"},
                # What visitors can cause at will, each answered 400: names of hosts, addresses too long to lead on to.
                "django.security.DisallowedHost": {"level": "CRITICAL"},
                "django.security.DisallowedRedirect": {"level": "CRITICAL"},
                "django.server": {"level": "ERROR"},
                "celery.beat": {"level": "WARNING"},
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
            },
        }
    )
