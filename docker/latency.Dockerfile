# Contains tc, which the image of PostgreSQL lacks.
FROM alpine:3.22
RUN apk add --no-cache iproute2-tc
COPY docker/latency.sh /latency.sh
ENTRYPOINT ["/latency.sh"]
