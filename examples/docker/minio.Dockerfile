# MinIO, built from the last source that its repository gave to Go's module proxy: images of MinIO have been deleted from
# registries. The version is the one that r2shim is tested in front of.

FROM golang:1.26-bookworm AS build
RUN CGO_ENABLED=0 go install -trimpath github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
RUN mkdir --mode=700 /data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /go/bin/minio /usr/local/bin/minio
COPY --from=build --chown=10001:10001 /data /data

USER 10001
VOLUME /data
EXPOSE 9000
ENTRYPOINT ["/usr/local/bin/minio"]
CMD ["server", "/data"]
