/** So many bytes of a frame are kept: all of them. */
const snapLength = 262_144;

/** Ethernet. @see https://www.tcpdump.org/linktypes.html */
const linkType = 1;

/** The beginning of a file of packets. @see pcap-savefile(5) */
export function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(snapLength, 16);
  header.writeUInt32LE(linkType, 20);
  return header;
}

/** One packet of such a file. `nowMs` is since 1970, with its fraction. */
export function pcapRecord(frame: Buffer, nowMs: number): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.floor(nowMs / 1000), 0);
  header.writeUInt32LE(Math.floor((nowMs % 1000) * 1000), 4);
  header.writeUInt32LE(frame.length, 8);
  header.writeUInt32LE(frame.length, 12);
  return Buffer.concat([header, frame]);
}
