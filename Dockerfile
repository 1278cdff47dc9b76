# The PXE service as an image:   docker build -t pxe .
# Another Debian release:        docker build --build-arg RELEASE=bookworm -t pxe .
ARG RELEASE=trixie
FROM debian:${RELEASE}-slim
COPY pxe/packages pxe/install /pxe/
RUN . /etc/os-release \
 && apt-get update \
 && sed -e 's/#.*//' -e "s/@VERSION@/$VERSION_ID/" /pxe/packages \
  | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
        -o Dpkg::Options::=--path-exclude=/usr/lib/debian-installer/images/*/*/gtk/* \
 && sh /pxe/install \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/*
COPY pxe/serve pxe/menu /pxe/
# `bridgekit attach` lets the clients' packets through containers with this label
LABEL bridgekit.router=yes
ENTRYPOINT ["/bin/sh", "/pxe/serve"]
