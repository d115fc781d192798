# docker build -t airbyte/destination-dust:dev .
# docker run --rm --read-only --tmpfs /tmp airbyte/destination-dust:dev spec
ARG BASE_IMAGE=docker.io/airbyte/python-connector-base:4.0.2@sha256:9fdb1888c4264cf6fee473649ecb593f56f58e5d0096a87ee0b231777e2e3e73
FROM ${BASE_IMAGE}

WORKDIR /airbyte/integration_code

# Packages change seldom and take minutes: in a layer of their own they stay cached when code changes.
# Bytecode is compiled now because the image's user may not write it, and every start would compile again.
COPY requirements.txt ./
RUN python -m pip install --no-cache-dir --compile --require-hashes --requirement requirements.txt

COPY main.py ./
COPY destination_dust ./destination_dust
RUN python -m compileall -q main.py destination_dust

LABEL io.airbyte.name="airbyte/destination-dust"
LABEL io.airbyte.version="0.2.0"

USER airbyte

ENV AIRBYTE_ENTRYPOINT="python /airbyte/integration_code/main.py"
ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]
