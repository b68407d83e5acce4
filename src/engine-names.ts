/** The container engines that builds may run in. */
export const containerKinds = ['podman', 'docker', 'buildah', 'compose'] as const;

export type ContainerKind = (typeof containerKinds)[number];

/** What `--engine` takes. */
export const engineNames = ['auto', ...containerKinds, 'host'] as const;

export type EngineName = (typeof engineNames)[number];
