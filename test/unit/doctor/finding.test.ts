import { expect, test } from 'vitest';
import { type Finding, helpFor, weighed, worst } from '../../../src/doctor/finding.ts';

const user = { user: 'ada', root: false, apt: 'ready' } as const;

test.each<[string, string, Parameters<typeof helpFor>[2], string | undefined, boolean | undefined]>([
  ['a package', 'sudo apt-get install -y gdb', user, 'sudo apt-get install -y gdb', true],
  ['for root', 'sudo apt-get install -y gdb', { ...user, root: true }, 'apt-get install -y gdb', true],
  [
    'without lists',
    'sudo apt-get install -y gdb',
    { ...user, apt: 'without lists' },
    'sudo apt-get update && sudo apt-get install -y gdb',
    true,
  ],
  ['without apt', 'sudo apt-get install -y gdb', { ...user, apt: 'none' }, undefined, undefined],
  ['a group', 'sudo usermod -aG kvm "$USER"', user, 'sudo usermod -aG kvm ada', true],
  ['a device', 'sudo chmod 666 /dev/net/tun', user, 'sudo chmod 666 /dev/net/tun', true],
  ['another device', 'sudo chmod 666 /dev/sda', user, 'sudo chmod 666 /dev/sda', false],
  ['more than a package', 'sudo apt-get install -y gdb; rm -r /', user, 'sudo apt-get install -y gdb; rm -r /', false],
  ['a capability', 'sudo setcap cap_net_admin+ep /h', user, 'sudo setcap cap_net_admin+ep /h', false],
  ['a pipe', "echo 'allow b' | sudo tee -a /f", { ...user, root: true }, "echo 'allow b' | tee -a /f", false],
])('the remedy as it is typed: %s', (_what, command, asker, typed, safe) => {
  const { remedy } = helpFor(command, undefined, asker);
  expect([remedy?.command, remedy?.safe]).toEqual([typed, safe]);
});

const finding = (name: Finding['name'], state: Finding['state'], found = ''): Finding => ({
  ...{ name, group: 'build', state, found, costs: null, remedy: null, hint: null, tookMs: 0 },
});

test('one way to build may be missing; without either it is a failure', () => {
  const one = weighed([finding('podman', 'warning'), finding('toolchain', 'ok')]);
  expect([one.map(({ state }) => state), worst(one)]).toEqual([['warning', 'ok'], 'warning']);
  const neither = weighed([finding('podman', 'warning'), finding('toolchain', 'warning'), finding('gdb', 'warning')]);
  expect([neither.map(({ state }) => state), worst(neither)]).toEqual([['failure', 'failure', 'warning'], 'failure']);
  const absent = [finding('podman', 'warning', 'not installed'), finding('toolchain', 'warning')];
  const other = weighed([...absent, finding('docker', 'ok', 'runs a RUN: docker 20.10')]);
  expect(other.map(({ state }) => state)).toEqual(['ok', 'warning', 'ok']);
  const none = weighed([...absent, finding('docker', 'ok', 'not installed')]);
  expect(none.map(({ state }) => state)).toEqual(['failure', 'failure', 'ok']);
});
