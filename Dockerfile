# The PXE service as an image:   docker build -t pxe .
# More Debian releases at once:  docker build --build-arg OLDER=bookworm --build-arg VERSIONS="13 12" -t pxe .
# Whatever is offered, what serves it is the newest release's: its signed GRUB speaks HTTP.
FROM debian:trixie-slim
ARG OLDER=""
ARG VERSIONS="13"
ARG FIRMWARE=no
COPY pxe/packages pxe/firmware pxe/get pxe/install /pxe/
RUN sh /pxe/get "$OLDER" "$VERSIONS" "$FIRMWARE" \
 && sh /pxe/install \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/*
COPY pxe /pxe/
VOLUME /var/lib/pxe
# `bridgekit attach` lets the clients' packets through containers with this label
LABEL bridgekit.router=yes
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD ["/bin/sh", "/pxe/start", "health"]
ENTRYPOINT ["/bin/sh", "/pxe/start"]
