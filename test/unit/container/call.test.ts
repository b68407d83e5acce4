import { expect, test } from 'vitest';
import { show } from '../../../src/command.ts';
import { inContainer } from '../../../src/container/call.ts';
import { importImage, inspectImage, removal, removeImage } from '../../../src/container/engine.ts';
import { shownWay, type Way } from '../../../src/container/way.ts';

const job = {
  script: 'utils/kernel/build',
  dockerfile: 'Dockerfile.kernel',
  env: { SRC: '/src', BASE: 'a b', PRICE: '$1' },
  mounts: [
    { path: '/src', writable: false },
    { path: '/obj', writable: true },
  ],
};
const docker: Way = { kind: 'docker', network: 'host', builder: 'default' };
const podman: Way = { kind: 'podman', isolation: 'oci' };
const compose = (over: typeof docker | typeof podman, ...tool: [string, ...string[]]): Way => ({ kind: 'compose', tool, over });
const call = (way: Way) =>
  inContainer(
    job,
    { name: 'localhost/t:1', way, context: '/eulab' },
    { scratch: { folder: '/tmp/s', name: 's' }, idFile: '/tmp/s/id', user: '1:2' },
  );
const words = (way: Way) =>
  show(call(way).command)
    .replace(/ -c '[^']+' sh /, ' ')
    .split(/ (?=-)/);

test('podman and buildah build, and see the folders while they do', () => {
  expect(words(podman)).toMatchInlineSnapshot(`
    [
      "podman build",
      "--pull=never",
      "--layers=false",
      "--force-rm",
      "--isolation oci",
      "--network none",
      "--security-opt label=disable",
      "--volume /src:/src:ro",
      "--volume /obj:/obj:rw",
      "--file /eulab/Dockerfile.kernel",
      "--target build",
      "--iidfile /tmp/s/id",
      "--build-arg BASE_IMAGE=localhost/t:1",
      "--build-arg SRC=/src",
      "--build-arg 'BASE=a b'",
      "--build-arg 'PRICE=$1' /eulab",
    ]
  `);
  const buildah = show(call({ kind: 'buildah', isolation: 'oci' }).command);
  expect(buildah).toBe(show(call(podman).command).replace('podman', 'buildah'));
});

test('a chroot can have no network of its own', () => {
  expect(words({ kind: 'podman', isolation: 'chroot' })).not.toContain('--network none');
  expect(words(podman)).toContain('--network none');
});

test('docker runs, as the user who asks for it', () => {
  expect(words(docker)).toMatchInlineSnapshot(`
    [
      "docker run",
      "--rm",
      "--interactive",
      "--log-driver none",
      "--cidfile /tmp/s/id",
      "--user 1:2",
      "--network none",
      "--security-opt label=disable",
      "--mount type=bind,source=/src,target=/src,ro",
      "--mount type=bind,source=/obj,target=/obj",
      "--mount type=bind,source=/eulab/utils,target=/eulab/utils,ro",
      "--env SRC=/src",
      "--env 'BASE=a b'",
      "--env 'PRICE=$1' localhost/t:1 sh sh /eulab/utils/kernel/build",
    ]
  `);
});

test('compose on docker runs a service; a dollar stays one', () => {
  const { command, files } = call(compose(docker, 'docker', 'compose'));
  expect(show(command)).toBe('docker compose --file /tmp/s/compose.json --project-name s run --rm -T --name s job');
  const { job: service } = JSON.parse(String(files['/tmp/s/compose.json'])).services;
  expect(service).toMatchObject({
    image: 'localhost/t:1',
    user: '1:2',
    network_mode: 'none',
    environment: { SRC: '/src', BASE: 'a b', PRICE: '$$1' },
    command: ['sh', '/eulab/utils/kernel/build'],
  });
  expect(service.volumes.map((one: { source: string; read_only: boolean }) => [one.source, one.read_only])).toEqual([
    ['/src', true],
    ['/obj', false],
    ['/eulab/utils', true],
  ]);
});

test('compose on podman builds a service with the options of podman', () => {
  const { command, files } = call(compose(podman, 'podman-compose'));
  expect(command.args.filter((word) => word.startsWith('--podman-build-args'))).toEqual([
    '--podman-build-args=--pull=never --layers=false --force-rm --isolation oci --network none --security-opt label=disable --volume /src:/src:ro --volume /obj:/obj:rw --iidfile /tmp/s/id',
  ]);
  const { job: service } = JSON.parse(String(files['/tmp/s/compose.json'])).services;
  expect(service).toMatchObject({
    image: 's',
    build: { context: '/eulab', dockerfile: 'Dockerfile.kernel', target: 'build' },
  });
});

test('a folder that is mounted already is mounted once', () => {
  const own = { ...job, mounts: [{ path: '/eulab/utils', writable: false }] };
  const image = { name: 'i', way: docker, context: '/eulab' };
  const { command } = inContainer(own, image, { scratch: { folder: '/s', name: 's' }, idFile: '/s/id', user: '0:0' });
  expect(command.args.filter((word) => word.startsWith('type=bind'))).toEqual([
    'type=bind,source=/eulab/utils,target=/eulab/utils,ro',
  ]);
});

test.each([
  [podman, 'podman image rm --force x', 'podman image rm --force x', 'podman image inspect'],
  [{ kind: 'buildah', isolation: 'chroot' } as Way, 'buildah rmi --force x', 'buildah rmi --force x', 'buildah inspect'],
  [docker, 'docker rm --force --volumes x', 'docker image rm --force x', 'docker image inspect'],
  [compose(docker, 'docker-compose'), 'docker rm --force --volumes x', 'docker image rm --force x', 'docker image inspect'],
  [compose(podman, 'podman-compose'), 'podman image rm --force x', 'podman image rm --force x', 'podman image inspect'],
])('what is left behind is removed: %j', (way, left, image, inspect) => {
  expect(show(removal(way, 'x'))).toBe(left);
  expect(show(removeImage(way, 'x'))).toBe(image);
  expect(show(inspectImage(way, 'x'))).toContain(inspect);
});

test('buildah has no import', () => {
  expect(importImage({ kind: 'buildah', isolation: 'oci' }, 'a.tar', 'x')).toBeUndefined();
  expect(importImage(docker, 'a.tar', 'x')?.args).not.toContain('--quiet');
});

test('a way in words', () => {
  expect(shownWay(compose({ kind: 'podman', isolation: 'chroot' }, 'podman-compose'))).toBe(
    'podman-compose, on podman, in a chroot',
  );
});
