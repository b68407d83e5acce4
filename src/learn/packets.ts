/** A question or an answer of ARP's, as it went over a cable. @see RFC 826 */
export interface Arp {
  readonly kind: 'request' | 'reply';
  /** Who says it, by the hardware. */
  readonly from: string;
  /** The IPv4 address that it is about: the one that is asked for, or that of who answers. */
  readonly about: string;
}

const ethertypeArp = 0x0806;

/** The frames in a file of packets, in their order; what was cut off at its end is left out. Pure. @see pcap-savefile(5) */
export function frames(file: Buffer): Buffer[] {
  const list: Buffer[] = [];
  if (file.length < 24 || file.readUInt32LE(0) !== 0xa1b2c3d4) return list;
  for (let at = 24; at + 16 <= file.length; ) {
    const end = at + 16 + file.readUInt32LE(at + 8);
    if (end > file.length) break;
    list.push(file.subarray(at + 16, end));
    at = end;
  }
  return list;
}

/** The questions and answers of ARP among the frames of a file of packets. Pure. */
export function arps(file: Buffer): Arp[] {
  return frames(file).flatMap((frame) => {
    if (frame.length < 42 || frame.readUInt16BE(12) !== ethertypeArp) return [];
    const request = frame.readUInt16BE(20) === 1;
    return [
      {
        kind: request ? 'request' : 'reply',
        from: [...frame.subarray(22, 28)].map((byte) => byte.toString(16).padStart(2, '0')).join(':'),
        about: [...(request ? frame.subarray(38, 42) : frame.subarray(28, 32))].join('.'),
      } as const,
    ];
  });
}

/** As one line. Pure. */
export function arpText({ kind, from, about }: Arp): string {
  return kind === 'request' ? `${from} asks: who has ${about}?` : `${from} answers: I have ${about}`;
}
