import { expect, test } from 'vitest';
import { mountsOf } from '../../../src/container/call.ts';
import { terminalCommand } from '../../../src/container/terminal.ts';
import type { Way } from '../../../src/container/way.ts';

const job = {
  script: 'utils/kernel/build',
  dockerfile: 'Dockerfile.kernel',
  env: { SRC: '/src' },
  mounts: [{ path: '/src', writable: false }],
};
const words = (way: Way) => {
  const image = { name: 'localhost/t:1', way, context: '/eulab' };
  const facts = { idFile: '/tmp/id', user: '1:2', mounts: mountsOf(job, image), term: 'xterm' };
  const { file, args } = terminalCommand(image, job, facts);
  return [file, ...args];
};
const docker: Way = { kind: 'docker', network: 'host', builder: 'default' };

test.each<[string, Way, string]>([
  ['podman', { kind: 'podman', isolation: 'oci' }, 'podman run --rm --interactive --tty --pull=never --network none'],
  ['docker', docker, 'docker run --tty --rm --interactive --log-driver none --cidfile /tmp/id --user 1:2 --network none'],
  ['compose', { kind: 'compose', tool: ['docker-compose'], over: docker }, 'docker run --tty --rm --interactive'],
])('%s runs the script on the terminal', (_, way, begin) => {
  const line = words(way).join(' ');
  expect(line.startsWith(`${begin} `)).toBe(true);
  expect(line).toContain(' --env TERM=xterm ');
  expect(line.endsWith(' localhost/t:1 sh /eulab/utils/kernel/build')).toBe(true);
});

test.each<Way>([
  { kind: 'podman', isolation: 'chroot' },
  { kind: 'buildah', isolation: 'oci' },
])('buildah is called for %j', (way) => {
  const [file, flag, text, ...args] = words(way);
  expect([file, flag]).toEqual(['sh', '-c']);
  expect(text).toContain('buildah run "$@" "$container" -- sh "$script"');
  const isolation = 'isolation' in way ? way.isolation : '';
  const begin = ['sh', 'localhost/t:1', '/eulab/utils/kernel/build', '--isolation', isolation, '--terminal'];
  expect(args.slice(0, 8)).toEqual([...begin, '--volume', '/src:/src:ro']);
});
