import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { probe, read } from '../exec.ts';
import type { Neighbour, Route } from './facts.ts';

/** The gateways of the default routes. Pure. */
export function gateways(routes: readonly Route[]): string[] {
  return [...new Set(routes.flatMap(({ dst, gateway }) => (dst === 'default' && gateway !== undefined ? [gateway] : [])))];
}

/**
 * Those of `gateways` that answer on an interface within the time: by their hardware address, asked for anew, for many
 * answer no ping.
 *
 * @see arp(7)
 */
export async function answering(wanted: readonly string[], dev: string, timeoutMs: number): Promise<string[]> {
  const answered = await Promise.all(wanted.map((address) => answers(address, dev, timeoutMs)));
  return wanted.filter((_, index) => answered[index]);
}

async function answers(address: string, dev: string, timeoutMs: number): Promise<boolean> {
  const endMs = performance.now() + timeoutMs;
  const known = await neighbour(address, dev);
  // An address that is known is verified; one that is not is asked for when something is sent there.
  if (known?.lladdr !== undefined) {
    const args = ['neigh', 'replace', address, 'lladdr', known.lladdr, 'dev', dev, 'nud', 'probe'];
    await probe({ file: 'ip', args, root: true });
  } else await ask(address, dev);
  for (;;) {
    const state = (await neighbour(address, dev))?.state ?? [];
    if (state.includes('REACHABLE') || state.includes('PERMANENT')) return true;
    if (performance.now() > endMs) return false;
    if (state.includes('FAILED') || state.length === 0) await ask(address, dev);
    await sleep(50);
  }
}

async function neighbour(address: string, dev: string): Promise<Neighbour | undefined> {
  const text = await read({ file: 'ip', args: ['-j', 'neigh', 'show', 'to', address, 'dev', dev] });
  const found: Neighbour[] = JSON.parse(text === '' ? '[]' : text);
  return found.find(({ dst }) => dst === address);
}

/** Sends a byte to the discard service. @see RFC 863 */
async function ask(address: string, dev: string): Promise<void> {
  const six = address.includes(':');
  const socket = createSocket(six ? 'udp6' : 'udp4');
  // What cannot be sent is not answered either.
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.send('\n', 9, six ? `${address}%${dev}` : address, () => resolve()));
  socket.close();
}
