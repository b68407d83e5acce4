import { EulabError, status } from '../errors.ts';
import { type Facts, linkOf } from './facts.ts';
import { group, type Lab, type Vlan } from './lab.ts';
import { nativeVlan, vlanName } from './vlan.ts';

/** The VLAN as the options ask for it; undefined for none. Pure. @throws EulabError (2) when they do not go together. */
export function vlanAsked(asked: {
  readonly vlan?: number | undefined;
  readonly vlanMode?: Vlan['mode'] | undefined;
  readonly vlanAddress?: string | undefined;
  readonly uplink?: string | undefined;
}): Vlan | undefined {
  const { vlan: id, vlanMode, vlanAddress: address, uplink } = asked;
  if (id === undefined) {
    const alone = vlanMode !== undefined ? '--vlan-mode' : address !== undefined ? '--vlan-address' : undefined;
    if (alone !== undefined) throw usage(`${alone} is of no use without --vlan`, 'say which: --vlan ID');
    return undefined;
  }
  if (uplink === undefined) {
    throw usage(`VLAN ${id} needs the card that leads to it`, `say which: eulab net up --uplink NIC --vlan ${id}`);
  }
  const mode = vlanMode ?? 'sub';
  if (mode === 'aware' && id === nativeVlan) {
    throw usage(`VLAN ${id} is what is untagged on the trunk`, 'guests are in it without --vlan');
  }
  return { id, mode, ...(address === undefined ? {} : { address }) };
}

/** Refuses a VLAN that could not be made, before anything is changed. Pure. @throws EulabError: 2, or 3 when the kernel lacks it. */
export function refuseVlan({ vlan, uplink, bridge }: Lab, facts: Facts, standing: boolean): void {
  if (vlan === undefined || uplink === undefined) return;
  const on = vlan.mode === 'sub' ? uplink : bridge;
  const name = vlanName(on, vlan);
  const made = vlan.mode === 'sub' || vlan.address !== undefined;
  if (made && name.length > 15) {
    const other = vlan.mode === 'sub' ? `ip link set dev ${on} name NAME` : 'a shorter --bridge';
    throw usage(`${name} is too long for the name of an interface: Linux takes 15 characters`, other);
  }
  const there = linkOf(facts, name);
  if (made && !standing && there !== undefined && there.group !== group) {
    throw usage(`${name} exists and was not made by eulab`, `remove it: ip link delete ${name}`);
  }
  const { tagging, filtering } = facts.kernel;
  if (made && tagging === false) throw lacking('VLANs', 'CONFIG_VLAN_8021Q, the module 8021q');
  if (vlan.mode === 'aware' && filtering === false)
    throw lacking('bridges that tell VLANs apart', 'CONFIG_BRIDGE_VLAN_FILTERING');
}

function lacking(what: string, option: string): EulabError {
  return new EulabError(`this kernel has no ${what}`, { hint: `it needs ${option}`, exitCode: status.notReady });
}

const usage = (message: string, hint: string) => new EulabError(message, { hint, exitCode: status.usage });
