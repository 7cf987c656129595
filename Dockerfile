# The official Airflow image plus exactly the packages that the tests ran with, and PostgreSQL's client tools.
#
# The slim variant: the full one carries some twenty providers whose dependencies are pinned otherwise than in
# requirements.txt. The version is the one of requirements.txt (held by a test).
ARG AIRFLOW_IMAGE=apache/airflow:slim-3.3.2-python3.12
FROM ${AIRFLOW_IMAGE}

USER root
SHELL ["/bin/bash", "-o", "pipefail", "-o", "errexit", "-o", "nounset", "-c"]

# A dump is restorable by the tools of its own server's version, hence every supported one, side by side in
# /usr/lib/postgresql/<major>/bin. Debian's postgresql-common knows the project's package repository and its key.
# A major that the repository has retired is left out by --build-arg POSTGRESQL_MAJORS="15 16 17 18".
ARG POSTGRESQL_MAJORS="14 15 16 17 18"
# The server that drills restore into; it takes dumps of every older one. It is started by drills alone.
ARG POSTGRESQL_DRILLS="18"
# Columns that are ordered by a locale of the operating system can be restored only where that locale is.
ARG LOCALES="en_US ko_KR"
# The base image's other sources are needed for nothing here, and a key that one of them changes would end the build.
RUN rm --force /etc/apt/sources.list.d/{mariadb,mssql-release,docker}.list \
    && apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates locales postgresql-common \
    && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
    && mkdir --parents /etc/postgresql-common/createcluster.d \
    && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.d/none.conf \
    && apt-get install --yes --no-install-recommends "postgresql-${POSTGRESQL_DRILLS}" \
        $(printf 'postgresql-client-%s ' ${POSTGRESQL_MAJORS}) \
    && "/usr/lib/postgresql/${POSTGRESQL_DRILLS}/bin/postgres" --version \
    && for major in ${POSTGRESQL_MAJORS}; do "/usr/lib/postgresql/${major}/bin/pg_dump" --version; done \
    && for name in ${LOCALES}; do localedef --inputfile="${name}" --charmap=UTF-8 "${name}.UTF-8"; done \
    && apt-get clean \
    && rm -rf /var/lib/apt/lists/*

USER airflow
# A volume that is mounted here for the first time gets this folder's owner and mode.
RUN mkdir --mode=0700 /opt/airflow/dumps
COPY --chown=airflow:0 requirements.txt requirements-image.txt /opt/airflow/
RUN pip install --no-cache-dir --requirement /opt/airflow/requirements.txt --requirement /opt/airflow/requirements-image.txt
# Importing Airflow writes its configuration, with keys, into AIRFLOW_HOME: not into the image's.
RUN AIRFLOW_HOME=/tmp/imported python -c "import airflow.providers.celery.executors.celery_executor, \
    airflow.providers.fab.auth_manager.fab_auth_manager, airflow.providers.postgres.hooks.postgres, \
    airflow.providers.amazon.aws.fs.s3, s3fs, psycopg2" \
    && rm -rf /tmp/imported
