# The program and Node, nothing else. How to run it: docs/containers.md.
# Plain syntax: the classic builder of docker-compose 1.29 reads it, too.

# The Node of `npm run test:node24`. A release adds the digest: --build-arg NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24.21.0-bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /build
# A layer of their own: only a change of the lock file installs them again. Nothing needs its install script.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json LICENSE ./
COPY scripts ./scripts
COPY src ./src
RUN npm run build && node scripts/image.mjs /image

FROM ${NODE_IMAGE}
# Nothing is installed at run time. /data: any `--user` can write there, as in /tmp, and a new volume takes that over.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
    /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
  && ln -s /app/dist/main.js /usr/local/bin/tmdb-cache-proxy \
  && mkdir -m 1777 /data && chown 1000:1000 /data
ENV NODE_ENV=production CACHE_DIR=/data
WORKDIR /app
# Of root, and so not to be changed by the program. Libraries first: they change least.
COPY --from=build /image/node_modules ./node_modules
COPY --from=build /image/program ./
# A number: Kubernetes' runAsNonRoot can not judge a name.
USER 1000:1000
VOLUME /data
EXPOSE 6635
STOPSIGNAL SIGTERM
# Without a shell: a shell that is killed for taking too long would leave its child to process 1.
HEALTHCHECK --interval=15s --timeout=4s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PORT || 6635) + '/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["serve"]

ARG REVISION=unknown
LABEL org.opencontainers.image.title="tmdb-cache-proxy" \
  org.opencontainers.image.description="A tiered caching HTTP reverse proxy for TMDB: memory, disk or Redis, origin." \
  org.opencontainers.image.version="0.1.0" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.licenses="MIT"
