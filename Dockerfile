# syntax=docker/dockerfile:1
# One image for web, worker, beat and commands; the command decides. No secret goes in at build time.

FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY deploy/requirements.lock /build/requirements.lock
# setuptools first, with its hash: the one package without a wheel is built by it, not by one that no hash vouches for.
RUN sed -n '/^setuptools==/,/# via/p' /build/requirements.lock > /build/builder.lock \
    && pip install --require-hashes --no-deps --only-binary=:all: -r /build/builder.lock \
    && pip install --require-hashes --no-deps --only-binary=:all: --no-binary=django-ranged-response \
        --no-build-isolation --use-pep517 -r /build/requirements.lock \
    && pip uninstall --yes setuptools pip
COPY . /app
WORKDIR /app
RUN DJANGO_SETTINGS_MODULE=visa_booking.settings.build python manage.py compile_catalogs --all \
    && DJANGO_SETTINGS_MODULE=visa_booking.settings.build python manage.py collectstatic --noinput --verbosity 0 \
    && python -m compileall -q /app \
    && rm -rf /app/tests /app/bench /app/lab /app/devtool /app/dev.py /app/.ci /app/requirements.in

FROM python:3.12-slim-bookworm
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app \
    && install --directory --owner app --group app --mode 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=visa_booking.settings.base \
    VISA_UPLOAD_DIR=/data/uploads \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics
WORKDIR /app
USER app
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
CMD ["python", "-m", "visa_booking.serve", "--host", "0.0.0.0"]
