# One image for every role, the simulator and the preparation; the command says which. No build step: Node runs the source.
FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No install scripts: this image is the pinned Node, and PostgreSQL is a service of its own.
RUN npm ci --omit=dev --omit=optional --ignore-scripts && mkdir -p /data && chown node:node /data
COPY contracts contracts
COPY gateway gateway
COPY workers workers
COPY ops ops
RUN node ops/run/bootstrap/mend-driver.mjs
USER node
CMD ["node", "ops/run/fleet/process.ts", "gateway"]
