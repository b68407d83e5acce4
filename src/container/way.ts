/** How podman and buildah isolate a build's RUN: through an OCI runtime, or in a plain chroot where that one fails. */
export type Isolation = 'oci' | 'chroot';

/** podman or buildah, which see the host's folders while they build. */
export interface BuilderWay {
  readonly kind: 'podman' | 'buildah';
  readonly isolation: Isolation;
  /** podman is a client of a service, which sees none of this host's folders. */
  readonly elsewhere?: true;
}

/** docker, which sees the host's folders while it runs, and not while it builds. */
export interface DockerWay {
  readonly kind: 'docker';
  /** Of a build's RUN. The daemon's own is a bridge, which it need not have. */
  readonly network: 'host' | 'default';
  /** `default` is BuildKit or not as client, daemon and DOCKER_BUILDKIT have it. */
  readonly builder: 'default' | 'legacy';
  /** The daemon does not see this host's folders. */
  readonly elsewhere?: true;
  /** The daemon is a user's own: root in a container is that user, and any other one nobody here. */
  readonly rootless?: true;
}

/** A compose tool, on the engine that it drives. */
export interface ComposeWay {
  readonly kind: 'compose';
  /** `docker-compose`, or `docker compose`. */
  readonly tool: readonly [string, ...string[]];
  readonly over: BuilderWay | DockerWay;
}

/** How an engine was seen to work on this host. */
export type Way = BuilderWay | DockerWay | ComposeWay;

/** True for a way in which a build sees the host's folders. Pure. */
export function mountsInBuild(way: Way): boolean {
  return storeOf(way).kind !== 'docker' && !isElsewhere(way);
}

/** True for an engine that gets copies of the host's folders. Pure. */
export function isElsewhere(way: Way): boolean {
  return storeOf(way).elsewhere === true;
}

/** The engine that has the images. Pure. */
export function storeOf(way: Way): BuilderWay | DockerWay {
  return way.kind === 'compose' ? way.over : way;
}

/** A way in words, for the user. Pure. */
export function shownWay(way: Way): string {
  switch (way.kind) {
    case 'podman':
    case 'buildah':
      return way.isolation === 'chroot' && way.elsewhere !== true ? `${way.kind}, in a chroot` : way.kind;
    case 'docker':
      return way.builder === 'legacy' ? 'docker, without BuildKit' : 'docker';
    case 'compose':
      return `${way.tool.join(' ')}, on ${shownWay(way.over)}`;
  }
}
