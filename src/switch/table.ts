/** Destination and source, six bytes each, and the type. @see IEEE 802.3 */
const headerBytes = 14;

/** How long an address is remembered that was not heard of again. @see IEEE 802.1Q, ageing time */
const ageMs = 300_000;

/** So many addresses at most: one machine that makes them up must not take the host's memory. */
const mostAddresses = 4096;

/**
 * What a switch has learnt: behind which port each hardware address is. Pure but for that; the time is given.
 *
 * @see IEEE 802.1D, 7.8
 */
export class AddressTable<Port> {
  /** The one that was heard longest ago comes first. */
  readonly #places = new Map<number, { readonly port: Port; readonly heardMs: number }>();

  /** Learns where a frame came from, and says where it is to go: to one port, to `all` others, or nowhere. */
  route(frame: Buffer, from: Port, nowMs: number): Port | 'all' | 'none' {
    if (frame.length < headerBytes) return 'none';
    const [to, source] = [frame.readUIntBE(0, 6), frame.readUIntBE(6, 6)];
    // A group is no sender.
    if (!isGroup(frame[6])) this.#learn(source, from, nowMs);
    if (isGroup(frame[0])) return 'all';
    const place = this.#places.get(to);
    if (place === undefined || nowMs - place.heardMs > ageMs) return 'all';
    return place.port === from ? 'none' : place.port;
  }

  /** Forgets what is behind a port that is gone. */
  forget(port: Port): void {
    for (const [address, place] of this.#places) if (place.port === port) this.#places.delete(address);
  }

  get size(): number {
    return this.#places.size;
  }

  #learn(address: number, port: Port, heardMs: number): void {
    this.#places.delete(address);
    const [oldest] = this.#places.keys();
    if (this.#places.size >= mostAddresses && oldest !== undefined) this.#places.delete(oldest);
    this.#places.set(address, { port, heardMs });
  }
}

/** The first byte's lowest bit says that an address is a group's; all ones is everybody's. */
function isGroup(first: number | undefined): boolean {
  return ((first ?? 0) & 1) === 1;
}
