import { type Facts, linkOf } from './facts.ts';
import { group, type Lab, tapOf } from './lab.ts';
import { type Resource, repairs, root, setLink } from './resource.ts';

/**
 * A tap device that is a port of the bridge and may be opened by one user, who needs no more rights than that for a machine
 * on it. It stays when the machine ends. Pure. Nothing when there is no such user.
 *
 * It cannot be marked when it is born; that no other of its name was there before, `refuse` has seen to.
 *
 * @see ip-tuntap(8)
 */
export function tap(lab: Lab, facts: Facts): Resource[] {
  if (lab.tapUser === undefined) return [];
  const name = tapOf(lab.tapUser);
  const link = linkOf(facts, name);
  const { make, faults, mend } = repairs(link !== undefined);
  if (link === undefined) make.push(root('ip', 'tuntap', 'add', 'dev', name, 'mode', 'tap', 'user', lab.tapUser));
  mend(link?.group === group, 'is not marked as ours', setLink(name, 'group', group));
  mend(link?.master === lab.bridge, `is no port of ${lab.bridge}`, setLink(name, 'master', lab.bridge));
  mend(link?.flags.includes('UP') === true, 'is down', setLink(name, 'up'));
  const remove = link === undefined ? [] : [root('ip', 'link', 'delete', 'dev', name)];
  return [{ name: `tap ${name} of ${lab.tapUser}`, make, remove, faults }];
}
