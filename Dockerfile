# specify alone on nothing: a static program, the certificates that it trusts, and no user to become.
#   docker build -t specify . && docker run --rm specify fetch https://example.com
# With files: docker run --rm -u "$(id -u):$(id -g)" -v "$PWD:/work" specify batch --file urls.txt --results out.ndjson
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# The version is that of .git, which is therefore part of the context.
RUN make build GOFLAGS=-buildvcs=true

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /src/bin/specify /specify
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/specify"]
