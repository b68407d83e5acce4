/** What an eulab says to a switch, as a line of JSON; `answer` says that it is done. */
export interface Request {
  /** The socket of a card's cable, which the switch is to come to; without it the switch is only asked whether it is there. */
  readonly plug?: string;
  /** The file to which every frame is to be appended, while the connection lasts. */
  readonly pcap?: string | undefined;
}

/** What a switch says when it has done what it was asked. From then on it is there as long as the connection is. */
export const answer = 'ok\n';

/** The request of a line; undefined when it is none. Pure. */
export function parseRequest(line: string): Request | undefined {
  try {
    const { plug, pcap } = JSON.parse(line) as Request;
    return { ...(plug === undefined ? {} : { plug: String(plug) }), ...(pcap === undefined ? {} : { pcap: String(pcap) }) };
  } catch {
    return undefined;
  }
}

/** The socket of the switch of that name. No machine's name begins with a dot. Pure. */
export function switchSocket(runtime: string, name: string): string {
  return `${runtime}/.lab.${name}`;
}
