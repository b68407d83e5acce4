import { type Backend, type Nic, usualNic } from './nic.ts';
import type { Choice } from './recipe.ts';

/** What was chosen for the cards, for people to read; nothing when there is the usual one. Pure. */
export function cardChoices(net: readonly Nic[]): Choice[] {
  if (net.length === 1 && net[0] === usualNic) return [];
  if (net.length === 0) return [{ what: 'network', value: 'none', reason: 'asked for' }];
  return net.map(({ backend, model }, index) => {
    const [value, reason] = told(backend);
    return { what: `eth${index}`, value: `${value}, ${model}`, reason };
  });
}

function told(backend: Backend): readonly [string, string] {
  switch (backend.kind) {
    case 'user':
      return ['user', "QEMU's own network: out through the host, without root"];
    case 'lab':
      return [`lab:${backend.name}`, 'a switch of your machines, without root'];
    case 'bridge':
      return [`bridge:${backend.name}`, `by ${backend.helper}, which may do it for you`];
    case 'tap':
      return [`tap:${backend.name}`, backend.vhost ? 'yours; by vhost-net where KVM runs the guest' : 'yours; without vhost-net'];
  }
}
